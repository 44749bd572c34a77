@echo off
rem Runs Gripstream from this checkout on Windows, as "gripstream" does elsewhere: builds it with Maven when it is missing or older than its sources.
rem
rem   JAVA_HOME             the Java to use (17 or newer); otherwise the one on the PATH
rem   GRIPSTREAM_JAVA_OPTS  handed to the JVM after the defaults, so that it overrides them: -Xmx4g
rem   GRIPSTREAM_TF32       0: a GPU multiplies fp32 matrices in full, not in TF32
setlocal EnableExtensions
set "home=%~dp0"
set "jar=%home%target\quarkus-app\quarkus-run.jar"

if not "%PROCESSOR_ARCHITECTURE%"=="AMD64" (
  echo gripstream: there is no libtorch for Windows on %PROCESSOR_ARCHITECTURE%: x86_64 is needed>&2
  exit /b 1
)
set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java"
set "version="
for /f "tokens=2 delims== " %%v in ('""%java%" -XshowSettings:properties -version 2>&1 ^| findstr /c:"java.specification.version ="') do set "version=%%v"
if not defined version (
  echo gripstream: no Java found: install a JDK 17 or newer, or set JAVA_HOME>&2
  exit /b 1
)
if %version% LSS 17 (
  echo gripstream: Java 17 or newer is needed, %java% is version %version%>&2
  exit /b 1
)

rem Sources are absent where only the built application was copied.
set "goals=package"
if not exist "%jar%" goto build
if not exist "%home%src\main" goto run
powershell -NoProfile -Command "$built = (Get-Item '%jar%').LastWriteTime; if (Get-ChildItem '%home%pom.xml','%home%schemas','%home%src\main' -Recurse -File | Where-Object LastWriteTime -gt $built) { exit 1 }"
if not errorlevel 1 goto run
set "goals=clean package"

:build
where mvn >nul 2>nul || (
  echo gripstream: not built yet, and no mvn on the PATH to build it with: install Maven 3.8 or newer>&2
  exit /b 1
)
echo gripstream: building (once after each change of the sources; the first time fetches the dependencies) ...>&2
pushd "%home%"
call mvn -B -q -Dstyle.color=never -DskipTests %goals% 1>&2 || (
  popd
  echo gripstream: the build failed; see above>&2
  exit /b 1
)
popd

:run
if not "%GRIPSTREAM_TF32%"=="0" set "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE=1"
set "native="
if %version% GEQ 22 set "native=--enable-native-access=ALL-UNNAMED"
"%java%" %native% -Xmx1g -Djava.awt.headless=true -Dai.djl.offline=true -Djava.util.logging.manager=org.jboss.logmanager.LogManager -Dcli.terminal=true %GRIPSTREAM_JAVA_OPTS% -jar "%jar%" %*
exit /b %errorlevel%
