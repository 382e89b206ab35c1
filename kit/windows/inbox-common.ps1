#Requires -Version 5.1
# 保账收件箱：各脚本共用的函数。What every script that delivers to the inbox shares.
#
# 一份交付 = 数据文件夹 + 旁边的校验清单；文件夹最后一步才改成正式名称。
#   <收件箱>\<客户>\<备份集>\<标签>-<年月日>-<时分秒>\...      数据
#   <收件箱>\<客户>\<备份集>\<标签>-<年月日>-<时分秒>.sha256   校验清单（sha256sum 格式）
#   <收件箱>\<客户>\<备份集>\<标签>.status                     最近一次执行的结果
# The list is written before the folder gets its name: a name without ".part" means complete.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$BaozhangKeep = 3          # 每个标签在收件箱中保留几份
$BaozhangTries = 3         # 网络复制最多尝试几次
$BaozhangPause = 30        # 两次尝试之间的秒数
$BaozhangUtf8 = New-Object System.Text.UTF8Encoding($false)
$BaozhangLogFolder = Join-Path $env:ProgramData 'Baozhang\logs'

function Write-BaozhangLog {
    param([Parameter(Mandatory = $true)][string]$Message)
    if (-not (Test-Path -LiteralPath $BaozhangLogFolder)) {
        New-Item -ItemType Directory -Path $BaozhangLogFolder -Force | Out-Null
    }
    $line = '{0:yyyy-MM-dd HH:mm:ss} {1}' -f (Get-Date), $Message
    $file = Join-Path $BaozhangLogFolder ('inbox-{0:yyyyMM}.log' -f (Get-Date))
    Add-Content -LiteralPath $file -Value $line -Encoding UTF8
    Write-Output $line | Out-Host
}

function Get-BaozhangNow {
    # 收件箱中的时间一律为北京时间，与电脑所设时区无关。
    return [System.TimeZoneInfo]::ConvertTimeBySystemTimeZoneId([DateTime]::UtcNow, 'China Standard Time')
}

function Get-BaozhangPlan {
    # 读取计划表（CSV，UTF-8），按 客户、备份集、标签 分组：同组的各行进入同一份交付。
    param(
        [Parameter(Mandatory = $true)][string]$Plan,
        [string]$Client = '',
        [string]$Period = ''
    )
    $rows = @(Import-Csv -LiteralPath $Plan -Encoding UTF8)
    if ($Client) { $rows = @($rows | Where-Object { $_.client -eq $Client }) }
    if ($rows.Count -eq 0) { throw "计划表 $Plan 中没有需要处理的行。" }
    foreach ($row in $rows) {
        if ($row.client -notmatch '^[a-z0-9][a-z0-9_-]{0,62}$') { throw "计划表中的客户编号无效：$($row.client)" }
        if ($Period) {
            if ($Period -notmatch '^\d{4}-\d{2}$') { throw "会计期间应写成 2026-10 的形式：$Period" }
            $row.set = 'close'
            $row.label = $Period
        }
        if ($row.set -notmatch '^[a-z0-9][a-z0-9_-]{0,62}$') { throw "计划表中的备份集名称无效：$($row.set)" }
        if ($row.label -notmatch '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$') { throw "计划表中的标签无效：$($row.label)" }
    }
    return @($rows | Group-Object -Property 'client', 'set', 'label')
}

function Get-BaozhangFolder {
    param(
        [Parameter(Mandatory = $true)][string]$Inbox,
        [Parameter(Mandatory = $true)]$Row
    )
    $folder = Join-Path (Join-Path $Inbox $Row.client) $Row.set
    if (-not (Test-Path -LiteralPath $folder)) {
        New-Item -ItemType Directory -Path $folder -Force | Out-Null
    }
    return $folder
}

function Set-BaozhangStatus {
    # 记下最近一次执行的结果：ok 正常、busy 占用、failed 失败。只写代码，不写文件名和单位名称。
    param(
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][string]$Label,
        [Parameter(Mandatory = $true)][ValidateSet('ok', 'busy', 'failed')][string]$State,
        [string]$Reason = ''
    )
    $at = (Get-BaozhangNow).ToString('yyyy-MM-ddTHH:mm:ss', [System.Globalization.CultureInfo]::InvariantCulture) + '+08:00'
    $text = '{{"state": "{0}", "at": "{1}", "reason": "{2}"}}' -f $State, $at, $Reason
    $status = Join-Path $Folder "$Label.status"
    [System.IO.File]::WriteAllText("$status.new", $text + "`n", $BaozhangUtf8)
    Move-Item -LiteralPath "$status.new" -Destination $status -Force
}

function Set-BaozhangFailed {
    # 记为失败；连收件箱也写不了时，只留下日志。
    param(
        [Parameter(Mandatory = $true)][string]$Inbox,
        [Parameter(Mandatory = $true)]$Row,
        [Parameter(Mandatory = $true)][string]$Reason
    )
    try {
        $folder = Get-BaozhangFolder -Inbox $Inbox -Row $Row
        Set-BaozhangStatus -Folder $folder -Label $Row.label -State 'failed' -Reason $Reason
    }
    catch {
        Write-BaozhangLog "$($Row.client) $($Row.label)：结果也无法写入收件箱：$($_.Exception.Message)"
    }
}

function New-BaozhangDrop {
    param(
        [Parameter(Mandatory = $true)][string]$Folder,
        [Parameter(Mandatory = $true)][string]$Label
    )
    $name = '{0}-{1:yyyyMMdd-HHmmss}' -f $Label, (Get-BaozhangNow)
    $part = Join-Path $Folder "$name.part"
    New-Item -ItemType Directory -Path $part | Out-Null
    return New-Object PSObject -Property @{
        Folder = $Folder
        Label  = $Label
        Name   = $name
        Part   = $part
        Lines  = New-Object System.Collections.ArrayList
        Bytes  = [long]0
    }
}

function Add-BaozhangStream {
    # 把已打开的文件复制进交付：哈希取自来源，复制后核对大小，网络中断时重试。
    param(
        [Parameter(Mandatory = $true)]$Drop,
        [Parameter(Mandatory = $true)][System.IO.FileStream]$Stream,
        [Parameter(Mandatory = $true)][string]$Name
    )
    $target = Join-Path $Drop.Part $Name
    if (Test-Path -LiteralPath $target) { throw "同一份交付中有两个同名文件：$Name" }
    $sha256 = [System.Security.Cryptography.SHA256]::Create()
    try {
        $Stream.Position = 0
        $hash = ([System.BitConverter]::ToString($sha256.ComputeHash($Stream)) -replace '-', '').ToLowerInvariant()
    }
    finally {
        $sha256.Dispose()
    }
    for ($try = 1; $true; $try++) {
        try {
            $Stream.Position = 0
            $out = [System.IO.File]::Create($target)
            try { $Stream.CopyTo($out) } finally { $out.Dispose() }
            if ((Get-Item -LiteralPath $target).Length -ne $Stream.Length) { throw '复制后的大小不符。' }
            break
        }
        catch {
            if ($try -ge $BaozhangTries) { throw }
            Write-BaozhangLog "第 $try 次复制未成功，$BaozhangPause 秒后重试：$($_.Exception.Message)"
            Start-Sleep -Seconds $BaozhangPause
        }
    }
    [System.IO.File]::SetLastWriteTimeUtc($target, [System.IO.File]::GetLastWriteTimeUtc($Stream.Name))
    [void]$Drop.Lines.Add(('{0} *{1}/{2}' -f $hash, $Drop.Name, $Name))
    $Drop.Bytes += $Stream.Length
}

function Complete-BaozhangDrop {
    # 先写校验清单，最后才把文件夹改成正式名称。
    param([Parameter(Mandatory = $true)]$Drop)
    $head = '# files={0} bytes={1}' -f $Drop.Lines.Count, $Drop.Bytes
    $list = (@($head) + @($Drop.Lines)) -join "`n"
    $listed = Join-Path $Drop.Folder "$($Drop.Name).sha256"
    [System.IO.File]::WriteAllText("$listed.new", $list + "`n", $BaozhangUtf8)
    Move-Item -LiteralPath "$listed.new" -Destination $listed -Force
    for ($try = 1; $true; $try++) {
        try {
            Rename-Item -LiteralPath $Drop.Part -NewName $Drop.Name
            break
        }
        catch {
            if ($try -ge $BaozhangTries) { throw }
            Start-Sleep -Seconds $BaozhangPause
        }
    }
    Set-BaozhangStatus -Folder $Drop.Folder -Label $Drop.Label -State 'ok'
    Remove-BaozhangOldDrop -Drop $Drop
}

function Undo-BaozhangDrop {
    param([Parameter(Mandatory = $true)]$Drop)
    foreach ($left in $Drop.Part, (Join-Path $Drop.Folder "$($Drop.Name).sha256")) {
        if (Test-Path -LiteralPath $left) {
            Remove-Item -LiteralPath $left -Recurse -Force -ErrorAction SilentlyContinue
        }
    }
}

function Remove-BaozhangOldDrop {
    # 每个标签只留最近几份；一天以前没有写完的也清掉。
    param([Parameter(Mandatory = $true)]$Drop)
    $pattern = '^' + [regex]::Escape($Drop.Label) + '-\d{8}-\d{6}$'
    $own = @(Get-ChildItem -LiteralPath $Drop.Folder -Directory)
    $whole = @($own | Where-Object { $_.Name -match $pattern } | Sort-Object -Property Name -Descending)
    $broken = @($own | Where-Object {
            $_.Name -like '*.part' -and ($_.Name -replace '\.part$', '') -match $pattern -and
            $_.LastWriteTimeUtc -lt [DateTime]::UtcNow.AddDays(-1)
        })
    foreach ($old in @($whole | Select-Object -Skip $BaozhangKeep) + $broken) {
        $list = Join-Path $Drop.Folder (($old.Name -replace '\.part$', '') + '.sha256')
        Remove-Item -LiteralPath $old.FullName -Recurse -Force -ErrorAction SilentlyContinue
        Remove-Item -LiteralPath $list -Force -ErrorAction SilentlyContinue
    }
}

function Lock-Baozhang {
    # 同一台电脑上一次只运行一个；已有一个在运行时（包括别的账号）返回空值。
    try {
        $mutex = New-Object System.Threading.Mutex($false, 'Global\BaozhangInbox')
    }
    catch {
        return $null
    }
    try { $free = $mutex.WaitOne(0) } catch [System.Threading.AbandonedMutexException] { $free = $true }
    if ($free) { return $mutex }
    $mutex.Dispose()
    return $null
}
