using System.Globalization;
using System.Text;

namespace RaftActors.Node.Bench;

/// <summary>Throughput against latency as SVG: a line per system and size, a dot per number of clients. Both axes are logarithmic.</summary>
internal static class ThroughputPlot
{
    private const double Width = 860;
    private const double Height = 520;
    private const double Left = 78;
    private const double Right = 190;
    private const double Top = 46;
    private const double Bottom = 62;

    private static readonly string[] Colours = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e5ea2", "#b8860b", "#555555"];

    public static string Draw(IReadOnlyList<BenchResult> results)
    {
        BenchResult[] shown = [.. results.Where(r => r.EntriesPerSecond > 0 && r.P99Ms > 0)];
        if (shown.Length == 0)
        {
            return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"20\"><text x=\"2\" y=\"14\">nothing measured</text></svg>\n";
        }

        Axis x = Axis.Over(shown.Select(r => r.EntriesPerSecond), Left, Width - Right);
        Axis y = Axis.Over(shown.SelectMany(r => new[] { r.P50Ms, r.P99Ms }), Height - Bottom, Top);
        StringBuilder svg = new();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add(svg, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        Add(svg, $"<text x=\"{Left}\" y=\"24\" font-size=\"15\">Throughput and latency, three processes, acknowledged after fsync on a quorum</text>");
        foreach (double tick in x.Ticks)
        {
            Add(svg, $"<line x1=\"{x.At(tick):F1}\" x2=\"{x.At(tick):F1}\" y1=\"{Top}\" y2=\"{Height - Bottom}\" stroke=\"#e4e4e4\"/>");
            Add(svg, $"<text x=\"{x.At(tick):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{Axis.Label(tick)}</text>");
        }

        foreach (double tick in y.Ticks)
        {
            Add(svg, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y.At(tick):F1}\" y2=\"{y.At(tick):F1}\" stroke=\"#e4e4e4\"/>");
            Add(svg, $"<text x=\"{Left - 8}\" y=\"{y.At(tick) + 4:F1}\" text-anchor=\"end\">{Axis.Label(tick)}</text>");
        }

        Add(svg, $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 18}\" text-anchor=\"middle\">entries per second</text>");
        Add(svg, $"<text transform=\"translate(20 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">latency in ms (solid p50, dashed p99)</text>");
        int number = 0;
        foreach (IGrouping<string, BenchResult> series in shown.GroupBy(r => $"{r.System}, {SizeOf(r.Bytes)}"))
        {
            Series(svg, x, y, [.. series.OrderBy(r => r.Clients)], series.Key, number++);
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Series(StringBuilder svg, Axis x, Axis y, BenchResult[] points, string name, int number)
    {
        string colour = Colours[number % Colours.Length];
        Line(points.Select(p => (p.EntriesPerSecond, p.P50Ms)), "");
        Line(points.Select(p => (p.EntriesPerSecond, p.P99Ms)), " stroke-dasharray=\"5 4\"");
        foreach (BenchResult p in points)
        {
            Add(svg, $"<circle cx=\"{x.At(p.EntriesPerSecond):F1}\" cy=\"{y.At(p.P50Ms):F1}\" r=\"3.5\" fill=\"{colour}\"/>");
            Add(svg, $"<circle cx=\"{x.At(p.EntriesPerSecond):F1}\" cy=\"{y.At(p.P99Ms):F1}\" r=\"3.5\" fill=\"white\" stroke=\"{colour}\"/>");
            Add(svg, $"<text x=\"{x.At(p.EntriesPerSecond) + 6:F1}\" y=\"{y.At(p.P50Ms) + 14:F1}\" fill=\"{colour}\" font-size=\"11\">{p.Clients}</text>");
        }

        double at = Top + 16 + (number * 20);
        Add(svg, $"<line x1=\"{Width - Right + 12}\" x2=\"{Width - Right + 32}\" y1=\"{at - 4}\" y2=\"{at - 4}\" stroke=\"{colour}\" stroke-width=\"2\"/>");
        Add(svg, $"<text x=\"{Width - Right + 38}\" y=\"{at}\">{name}</text>");

        void Line(IEnumerable<(double X, double Y)> line, string style) => Add(
            svg,
            $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{style} points=\"{string.Join(' ', line.Select(p => string.Create(CultureInfo.InvariantCulture, $"{x.At(p.X):F1},{y.At(p.Y):F1}")))}\"/>");
    }

    private static string SizeOf(int bytes) => bytes >= 1024 && bytes % 1024 == 0 ? $"{bytes / 1024} KiB" : $"{bytes} B";

    private static void Add(StringBuilder svg, FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed record Axis(double From, double To, double Low, double High)
    {
        public IEnumerable<double> Ticks
        {
            get
            {
                for (int power = (int)Math.Floor(From); power <= Math.Ceiling(To); power++)
                {
                    foreach (double digit in (double[])[1, 2, 5])
                    {
                        double tick = digit * Math.Pow(10, power);
                        if (Math.Log10(tick) >= From - 1e-9 && Math.Log10(tick) <= To + 1e-9)
                        {
                            yield return tick;
                        }
                    }
                }
            }
        }

        public static Axis Over(IEnumerable<double> values, double low, double high)
        {
            double[] all = [.. values];
            return new Axis(Math.Log10(all.Min() / 1.4), Math.Log10(all.Max() * 1.4), low, high);
        }

        public static string Label(double value) =>
            value >= 1000 ? (value / 1000).ToString("0.#", CultureInfo.InvariantCulture) + "k" : value.ToString("0.###", CultureInfo.InvariantCulture);

        public double At(double value) => Low + ((Math.Log10(value) - From) / (To - From) * (High - Low));
    }
}
