#Requires -Version 5.1
#Requires -RunAsAdministrator
<#
.SYNOPSIS
    在 Windows 任务计划程序中登记保账收件箱脚本。
    Register an inbox script in the Windows Task Scheduler.
.DESCRIPTION
    每天定时执行；加 -AtLogoff 时，在锁屏和注销时也执行一次。关机错过的，开机后补做。
    执行身份的密码由 Windows 在登记时询问并自行保管，不写入任何文件。
    该身份需能写入收件箱；域环境可用 -ServiceAccount 指定托管服务账号（gMSA），无需密码。
.EXAMPLE
    .\register-tasks.ps1 -Script copy-kis.ps1 -Plan C:\Baozhang\books.csv -Inbox \\nas\inbox -At 12:15 -AtLogoff
.EXAMPLE
    .\register-tasks.ps1 -Script backup-sqlserver.ps1 -Plan C:\Baozhang\databases.csv -Inbox \\nas\inbox -Work D:\Baozhang -At 12:30, 21:00
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][ValidateSet('copy-kis.ps1', 'backup-sqlserver.ps1')][string]$Script,
    [Parameter(Mandatory = $true)][string]$Plan,
    [Parameter(Mandatory = $true)][string]$Inbox,
    [string]$Work = '',
    [string[]]$At = @('12:15'),
    [switch]$AtLogoff,
    [string]$ServiceAccount = ''
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$Namespace = 'Root/Microsoft/Windows/TaskScheduler'
$SessionLock = 7           # TASK_SESSION_LOCK
$LogoffEvent = @'
<QueryList><Query Id="0" Path="System"><Select Path="System">*[System[Provider[@Name='Microsoft-Windows-Winlogon'] and EventID=7002]]</Select></Query></QueryList>
'@

function New-BaozhangTrigger {
    # 锁屏（会话状态变化）与注销（系统日志 Winlogon 7002）没有现成的 cmdlet，用 CIM 类创建。
    param(
        [Parameter(Mandatory = $true)][string]$ClassName,
        [Parameter(Mandatory = $true)][hashtable]$Property
    )
    $class = Get-CimClass -Namespace $Namespace -ClassName $ClassName
    return New-CimInstance -CimClass $class -Property $Property -ClientOnly
}

$file = Join-Path $PSScriptRoot $Script
if (-not (Test-Path -LiteralPath $file)) { throw "找不到脚本 $file。" }
if (-not (Test-Path -LiteralPath $Plan)) { throw "找不到计划表 $Plan。" }
$argument = '-NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File "{0}" -Plan "{1}" -Inbox "{2}"' -f $file, $Plan, $Inbox.TrimEnd('\')
if ($Script -eq 'backup-sqlserver.ps1') {
    if (-not $Work) { throw '备份 SQL Server 需要用 -Work 指定本机工作文件夹。' }
    $argument += ' -Work "{0}"' -f $Work.TrimEnd('\')
}

$triggers = @($At | ForEach-Object { New-ScheduledTaskTrigger -Daily -At $_ })
if ($AtLogoff) {
    $triggers += New-BaozhangTrigger -ClassName 'MSFT_TaskSessionStateChangeTrigger' -Property @{ Enabled = $true; StateChange = [uint32]$SessionLock }
    $triggers += New-BaozhangTrigger -ClassName 'MSFT_TaskEventTrigger' -Property @{ Enabled = $true; Subscription = $LogoffEvent.Trim() }
}
$action = New-ScheduledTaskAction -Execute 'powershell.exe' -Argument $argument
$settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -MultipleInstances IgnoreNew -RestartCount 3 -RestartInterval (New-TimeSpan -Minutes 10) -ExecutionTimeLimit (New-TimeSpan -Hours 4)
$name = 'Baozhang ' + [System.IO.Path]::GetFileNameWithoutExtension($Script)

if ($ServiceAccount) {
    $principal = New-ScheduledTaskPrincipal -UserId $ServiceAccount -LogonType Password -RunLevel Limited
    Register-ScheduledTask -TaskName $name -Action $action -Trigger $triggers -Settings $settings -Principal $principal -Force | Out-Null
}
else {
    $credential = Get-Credential -Message '请输入执行任务的 Windows 账号（需能写入收件箱）'
    $network = $credential.GetNetworkCredential()
    Register-ScheduledTask -TaskName $name -Action $action -Trigger $triggers -Settings $settings -User $credential.UserName -Password $network.Password -RunLevel Limited -Force | Out-Null
}
Write-Output "已登记任务：$name。"
