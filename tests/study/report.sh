#!/usr/bin/env bash
# The page in a real browser: every chart is drawn, nothing is wider than the window, no column of a table is cut off (at
# 1280 and 1000 pixels; at 400 tables scroll), points name their codes, the console is silent; light and dark. Leaves with 77 (CTest: skipped) where there is no Chromium or no Chart.js.
#
#   report.sh FOLDER-OF-A-RUN [FOLDER-FOR-SCREENSHOTS]
set -uo pipefail
run=$1
shots=${2:-$run}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
    echo "report: skipped, there is no chromium"
    exit 77
fi
if grep -q "class=missing" "$run/report.html"; then
    echo "report: skipped, there is no Chart.js"
    exit 77
fi
mkdir -p "$shots"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A frame of the wanted width, since windows have a smallest width; the page tells what it drew.
probe='<script>addEventListener("load", () => setTimeout(() => {
  const drawn = [...document.querySelectorAll("canvas")].filter(c => {
    const pixels = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    return Chart.getChart(c) && pixels.some((v, i) => i % 4 === 3 && v > 0);
  }).length;
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const cut = [...document.querySelectorAll(".scroll")].filter(s => s.scrollWidth > s.clientWidth).length;
  // Of charts whose points are networks, those where the first point of a series does not name its code on hover.
  const nameless = charts.filter((spec, i) => {
    const chart = Chart.getChart(document.getElementById("chart" + i));
    return spec.type !== "bar" && chart.data.datasets.some((set, k) => {
      if (rowsOf(spec.data)[0]?.arch === undefined || set.data.length === 0) { return false; }
      chart.tooltip.setActiveElements([{ datasetIndex: k, index: 0 }], { x: 0, y: 0 });
      chart.update();
      return !/^[0-9]{4,}, /.test(chart.tooltip.body[0].lines[0]);
    });
  }).length;
  document.body.dataset.probe =
    [charts.length, drawn, wide, document.querySelectorAll("a[download]").length, cut, nameless].join(" ");
}, 200));</script>'
failed=0
for scheme in light dark; do
    # In this browser: 0 is dark, 1 is light.
    [ $scheme = dark ] && preferred=0 || preferred=1
    for width in 1280 1000 400; do
        name=report_${width}_$scheme
        { sed 's#</body></html>##' "$run/report.html"; echo "$probe</body></html>"; } > "$work/page.html"
        cat > "$work/frame.html" << HTML
<!DOCTYPE html><body style="margin:0"><iframe id=f src="page.html" style="border:0;width:${width}px;height:5200px"></iframe>
<script>setTimeout(() => { document.body.dataset.probe = f.contentDocument.body.dataset.probe; }, 2500)</script></body>
HTML
        call() {
            timeout 120 "$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files \
                --user-data-dir="$work/profile" --blink-settings=preferredColorScheme=$preferred --enable-logging=stderr --v=0 \
                --window-size=$((width > 500 ? width : 500)),5200 --virtual-time-budget=6000 "$@" "file://$work/frame.html"
        }
        call --dump-dom > "$work/dom" 2> "$work/log"
        read -r charts drawn wide links cut nameless < <(sed -n 's/.*<body[^>]*data-probe="\([^"]*\)".*/\1/p' "$work/dom" | head -1)
        echo "report: $name: ${drawn:-none} of ${charts:-?} charts drawn, ${wide:-?} pixels too wide," \
            "${cut:-?} tables cut off, ${nameless:-?} charts without codes"
        if [ "${charts:-0}" -eq 0 ] || [ "$drawn" != "$charts" ] || [ "$links" != "$charts" ] || [ "$wide" -gt 0 ] ||
            [ "$nameless" -gt 0 ] || { [ "$width" -ge 1000 ] && [ "$cut" -gt 0 ]; }; then
            failed=1
        fi
        if grep "CONSOLE" "$work/log"; then
            failed=1
        fi
        call --screenshot="$shots/$name.png" > /dev/null 2>&1
    done
done
exit $failed
