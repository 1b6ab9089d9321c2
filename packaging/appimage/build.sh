#!/usr/bin/env bash
# Build an AppImage from a wheel and a relocatable Python.
#
#   packaging/appimage/build.sh WHEEL PYTHON_FOLDER OUT_FOLDER
#
# PYTHON_FOLDER has bin/python3 and lib/, for example an unpacked "install_only" build of python-build-standalone.
# The AppDir is checked by running it. The AppImage is written where appimagetool is on PATH; without it the script
# ends after the AppDir and says so.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '2,8p' "$0"; exit 2; }
wheel=$(readlink -f "$1") python=$(readlink -f "$2") out=$(readlink -m "$3")
root=$(cd "$(dirname "$0")/../.." && pwd)
id=org.readthrough.Readthrough
app=$out/Readthrough.AppDir

rm -rf "$app"
mkdir -p "$app/opt" "$app/usr/share/applications" "$app/usr/share/metainfo" \
  "$app/usr/share/icons/hicolor/scalable/apps"
cp -a "$python" "$app/opt/python"
export PYTHONHOME=$app/opt/python LD_LIBRARY_PATH=$app/opt/python/lib PYTHONNOUSERSITE=1
"$app/opt/python/bin/python3" -m pip install -q --no-compile --ignore-installed -c "$root/requirements.lock" "$wheel"
unset PYTHONHOME LD_LIBRARY_PATH

cp "$root/packaging/appimage/AppRun" "$app/AppRun"
cp "$root/packaging/linux/$id.desktop" "$app/$id.desktop"
cp "$root/packaging/linux/$id.desktop" "$app/usr/share/applications/"
cp "$root/packaging/linux/$id.metainfo.xml" "$app/usr/share/metainfo/$id.appdata.xml"
cp "$root/resources/icons/readthrough.svg" "$app/$id.svg"
cp "$root/resources/icons/readthrough.svg" "$app/usr/share/icons/hicolor/scalable/apps/$id.svg"
ln -sf "$id.svg" "$app/.DirIcon"

"$app/AppRun" --version
if command -v appimagetool > /dev/null; then
  appimagetool "$app" "$out/Readthrough-$(uname -m).AppImage"
else
  echo "appimagetool is not on PATH; the AppDir is ready in $app"
fi
