@echo off
rem Runs the kit on Windows with the packages that lie beside it; nothing is installed.
chcp 65001 >nul
set PYTHONUTF8=1
set PYTHONPATH=%~dp0packages\win_amd64
if not exist "%~dp0python\python.exe" goto installed
copy /y "%~dp0windows\python311._pth" "%~dp0python\python311._pth" >nul
"%~dp0python\python.exe" "%~dp0restore_kit.py" %*
goto end
:installed
py -3.11 "%~dp0restore_kit.py" %*
:end
