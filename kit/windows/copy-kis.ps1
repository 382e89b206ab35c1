#Requires -Version 5.1
<#
.SYNOPSIS
    把金蝶 KIS 标准版等单文件账套（.AIS、.mdb、.accdb）复制到保账收件箱；账套打开时不复制，记为占用。
    Copy single-file books into the inbox; a book that is open is not copied and told as busy.
.DESCRIPTION
    宜在午休和注销时各执行一次（见 register-tasks.ps1）。账套旁有 .ldb 或 .laccdb 锁定文件，
    或文件无法独占打开，都视为占用。复制期间独占文件，几秒即可完成。
.PARAMETER Plan
    计划表（CSV，UTF-8），列名：path,client,set,label。
.PARAMETER Inbox
    收件箱，例如 \\nas\inbox。
.PARAMETER Period
    结账时填写会计期间（如 2026-10），交付到备份集 close。
.EXAMPLE
    .\copy-kis.ps1 -Plan C:\Baozhang\books.csv -Inbox \\nas\inbox
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][string]$Plan,
    [Parameter(Mandatory = $true)][string]$Inbox,
    [string]$Client = '',
    [string]$Period = ''
)

. (Join-Path $PSScriptRoot 'inbox-common.ps1')

$SharingViolations = -2147024864, -2147024863   # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION

function Test-BaozhangOpen {
    # 有锁定文件就是有人打开着；异常退出留下的锁定文件，请确认无人使用后手工删除。
    param([Parameter(Mandatory = $true)][string]$Path)
    foreach ($ending in 'ldb', 'laccdb') {
        if (Test-Path -LiteralPath ([System.IO.Path]::ChangeExtension($Path, $ending))) { return $true }
    }
    return $false
}

function Open-BaozhangBook {
    # 独占打开；被别的程序占用时返回空值。
    param([Parameter(Mandatory = $true)][string]$Path)
    if (Test-BaozhangOpen -Path $Path) { return $null }
    try {
        return [System.IO.File]::Open($Path, 'Open', 'Read', 'None')
    }
    catch [System.IO.IOException] {
        if ($SharingViolations -contains $_.Exception.GetBaseException().HResult) { return $null }
        throw
    }
}

function Send-BaozhangBooks {
    # 一组账套文件 = 一份交付；返回 ok、busy 或 failed。
    param([Parameter(Mandatory = $true)]$Group)
    $first = $Group.Group[0]
    $drop = $null
    try {
        $folder = Get-BaozhangFolder -Inbox $Inbox -Row $first
        $drop = New-BaozhangDrop -Folder $folder -Label $first.label
        foreach ($row in $Group.Group) {
            $stream = Open-BaozhangBook -Path $row.path
            if ($null -eq $stream) {
                Undo-BaozhangDrop -Drop $drop
                Set-BaozhangStatus -Folder $folder -Label $first.label -State 'busy' -Reason 'open'
                Write-BaozhangLog "$($first.client) $($first.label)：账套正在使用，本次未复制；如确认无人使用，请删除账套旁的 .ldb 文件。"
                return 'busy'
            }
            try { Add-BaozhangStream -Drop $drop -Stream $stream -Name ([System.IO.Path]::GetFileName($row.path)) } finally { $stream.Dispose() }
        }
        Complete-BaozhangDrop -Drop $drop
        Write-BaozhangLog "$($first.client) $($first.label)：已交付 $($drop.Name)。"
        return 'ok'
    }
    catch {
        Write-BaozhangLog "$($first.client) $($first.label)：失败：$($_.Exception.Message)"
        if ($drop) { Undo-BaozhangDrop -Drop $drop }
        Set-BaozhangFailed -Inbox $Inbox -Row $first -Reason 'copy'
        return 'failed'
    }
}

$mutex = Lock-Baozhang
if ($null -eq $mutex) { Write-BaozhangLog '已有一个保账脚本在运行，本次不重复执行。'; exit 0 }
$results = @()
try {
    foreach ($group in (Get-BaozhangPlan -Plan $Plan -Client $Client -Period $Period)) {
        $results += Send-BaozhangBooks -Group $group
    }
}
catch {
    Write-BaozhangLog "执行中断：$($_.Exception.Message)"
    $results += 'failed'
}
finally {
    $mutex.ReleaseMutex()
    $mutex.Dispose()
}
if ($results -contains 'failed') { exit 1 }
if ($results -contains 'busy') { exit 2 }
exit 0
