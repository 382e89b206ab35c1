#Requires -Version 5.1
<#
.SYNOPSIS
    把 SQL Server 上的账套（用友 T3、畅捷通 T+、金蝶 KIS 专业版等）备份到保账收件箱。
    Back up account sets on SQL Server into the inbox.
.DESCRIPTION
    每个数据库：BACKUP ... WITH COPY_ONLY, CHECKSUM（可用时加 COMPRESSION），RESTORE VERIFYONLY 校验，
    再连同校验清单交付。COPY_ONLY 不影响您原有的备份计划。
    以 Windows 身份登录数据库，脚本里没有密码；该身份需要 BACKUP DATABASE 权限和 CREATE ANY DATABASE（校验用）。
.PARAMETER Plan
    计划表（CSV，UTF-8），列名：database,client,set,label。
.PARAMETER Inbox
    收件箱，例如 \\nas\inbox。
.PARAMETER Work
    SQL Server 服务账号和本脚本都能读写的本机文件夹，需容得下最大的一份备份。
.PARAMETER Period
    结账时填写会计期间（如 2026-10），交付到备份集 close。
.EXAMPLE
    .\backup-sqlserver.ps1 -Plan C:\Baozhang\databases.csv -Inbox \\nas\inbox -Work D:\Baozhang
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][string]$Plan,
    [Parameter(Mandatory = $true)][string]$Inbox,
    [Parameter(Mandatory = $true)][string]$Work,
    [string]$Server = '.',
    [string]$Client = '',
    [string]$Period = '',
    [switch]$NoCompression
)

. (Join-Path $PSScriptRoot 'inbox-common.ps1')

$NotSupported = 1844       # 该版本不支持备份压缩（Express、Workgroup）
$NotKnown = 155            # 该版本不认识这个选项（SQL Server 2005 及以前）

function Open-BaozhangServer {
    param([Parameter(Mandatory = $true)][string]$Server)
    $builder = New-Object System.Data.SqlClient.SqlConnectionStringBuilder
    $builder['Data Source'] = $Server
    $builder['Initial Catalog'] = 'master'
    $builder['Integrated Security'] = $true
    $builder['Connect Timeout'] = 15
    $builder['Application Name'] = 'baozhang-inbox'
    $connection = New-Object System.Data.SqlClient.SqlConnection($builder.ConnectionString)
    $connection.Open()
    return $connection
}

function Invoke-BaozhangSql {
    # 语句是固定文字，数据库名和路径一律作为参数传入。
    param(
        [Parameter(Mandatory = $true)]$Connection,
        [Parameter(Mandatory = $true)][string]$Statement,
        [string]$Database = '',
        [string]$Path = ''
    )
    $command = $Connection.CreateCommand()
    try {
        $command.CommandText = $Statement
        $command.CommandTimeout = 0
        [void]$command.Parameters.AddWithValue('@database', $Database)
        [void]$command.Parameters.AddWithValue('@path', $Path)
        return $command.ExecuteScalar()
    }
    finally {
        $command.Dispose()
    }
}

function Get-BaozhangSqlNumbers {
    # SQL Server 的错误号；不是数据库报的错则为空。
    param([Parameter(Mandatory = $true)][System.Exception]$Exception)
    $found = $Exception
    while ($null -ne $found -and $found -isnot [System.Data.SqlClient.SqlException]) { $found = $found.InnerException }
    if ($null -ne $found) { $found.Errors | ForEach-Object { $_.Number } }
}

function Backup-BaozhangDatabase {
    param(
        [Parameter(Mandatory = $true)]$Connection,
        [Parameter(Mandatory = $true)][string]$Database,
        [Parameter(Mandatory = $true)][string]$Path
    )
    $known = Invoke-BaozhangSql $Connection 'SELECT COUNT(*) FROM master.dbo.sysdatabases WHERE name = @database' $Database
    if ($known -ne 1) { throw "服务器上没有数据库 $Database。" }
    $major = [int]($Connection.ServerVersion.Split('.')[0])
    if ($major -lt 9) {
        Write-BaozhangLog "$Database：此版本 SQL Server 不支持 COPY_ONLY 和 CHECKSUM，按普通完整备份处理。"
        [void](Invoke-BaozhangSql $Connection 'BACKUP DATABASE @database TO DISK = @path WITH INIT' $Database $Path)
        [void](Invoke-BaozhangSql $Connection 'RESTORE VERIFYONLY FROM DISK = @path' $Database $Path)
        return
    }
    $plain = 'BACKUP DATABASE @database TO DISK = @path WITH COPY_ONLY, CHECKSUM, INIT, FORMAT'
    try {
        if ($NoCompression) {
            [void](Invoke-BaozhangSql $Connection $plain $Database $Path)
        }
        else {
            [void](Invoke-BaozhangSql $Connection "$plain, COMPRESSION" $Database $Path)
        }
    }
    catch {
        $numbers = @(Get-BaozhangSqlNumbers -Exception $_.Exception)
        if ($NoCompression -or -not ($numbers -contains $NotSupported -or $numbers -contains $NotKnown)) { throw }
        [void](Invoke-BaozhangSql $Connection $plain $Database $Path)
    }
    [void](Invoke-BaozhangSql $Connection 'RESTORE VERIFYONLY FROM DISK = @path WITH CHECKSUM' $Database $Path)
}

function Send-BaozhangDatabases {
    # 一组数据库 = 一份交付；任何一个失败，整份作废。
    param(
        [Parameter(Mandatory = $true)]$Group,
        [Parameter(Mandatory = $true)]$Connection
    )
    $first = $Group.Group[0]
    $drop = $null
    $reason = 'copy'
    try {
        $folder = Get-BaozhangFolder -Inbox $Inbox -Row $first
        $drop = New-BaozhangDrop -Folder $folder -Label $first.label
        foreach ($row in $Group.Group) {
            $reason = 'backup'
            $path = Join-Path $Work ('{0}.bak' -f $row.database)
            try {
                Backup-BaozhangDatabase -Connection $Connection -Database $row.database -Path $path
                $reason = 'copy'
                $stream = [System.IO.File]::Open($path, 'Open', 'Read', 'Read')
                try { Add-BaozhangStream -Drop $drop -Stream $stream -Name ('{0}.bak' -f $row.database) } finally { $stream.Dispose() }
            }
            finally {
                if (Test-Path -LiteralPath $path) { Remove-Item -LiteralPath $path -Force -ErrorAction SilentlyContinue }
            }
        }
        Complete-BaozhangDrop -Drop $drop
        Write-BaozhangLog "$($first.client) $($first.label)：已交付 $($drop.Name)。"
        return $true
    }
    catch {
        Write-BaozhangLog "$($first.client) $($first.label)：失败（$reason）：$($_.Exception.Message)"
        if ($drop) { Undo-BaozhangDrop -Drop $drop }
        Set-BaozhangFailed -Inbox $Inbox -Row $first -Reason $reason
        return $false
    }
}

$mutex = Lock-Baozhang
if ($null -eq $mutex) { Write-BaozhangLog '已有一个保账脚本在运行，本次不重复执行。'; exit 0 }
$failed = 0
try {
    $groups = @(Get-BaozhangPlan -Plan $Plan -Client $Client -Period $Period)
    $connection = $null
    try {
        $connection = Open-BaozhangServer -Server $Server
    }
    catch {
        Write-BaozhangLog "无法连接 SQL Server：$($_.Exception.Message)"
        foreach ($group in $groups) { Set-BaozhangFailed -Inbox $Inbox -Row $group.Group[0] -Reason 'backup' }
        $failed++
    }
    if ($connection) {
        try {
            foreach ($group in $groups) {
                if (-not (Send-BaozhangDatabases -Group $group -Connection $connection)) { $failed++ }
            }
        }
        finally {
            $connection.Dispose()
        }
    }
}
catch {
    Write-BaozhangLog "执行中断：$($_.Exception.Message)"
    $failed++
}
finally {
    $mutex.ReleaseMutex()
    $mutex.Dispose()
}
if ($failed -gt 0) { exit 1 }
exit 0
