using System.Globalization;
using System.Net;
using System.Text;

namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// A counterexample as a timeline: a lane per client, a bar per operation from call to return. The time axis goes from event to event, not by
/// the clock, so that what overlaps can be seen however far apart things happened.
/// </summary>
internal static class CounterexampleHtml
{
    private const int MostBars = 160;
    private const int LaneHeight = 34;
    private const int BarHeight = 22;
    private const int Top = 46;
    private const int Left = 110;
    private const int PerEvent = 32;
    private const int CharacterWidth = 7;

    private const string Style = """
        .lin{font:12px ui-monospace,Menlo,Consolas,monospace;background:#fff;color:#222}
        .lin text{fill:#222} .lin .soft{fill:#777} .lin .lane{stroke:#ddd} .lin .grid{stroke:#eee}
        .lin .done{fill:#cfe8cf;stroke:#5a9a5a} .lin .open{fill:#eee;stroke:#999;stroke-dasharray:4 3}
        .lin .seen{fill:#fff0c2;stroke:#b8901e;stroke-dasharray:4 3} .lin .clash{fill:#ffd9c7;stroke:#d2551a;stroke-width:2}
        .lin .culprit{fill:#f6b3b3;stroke:#c00;stroke-width:3} .lin .cut{stroke:#c00;stroke-dasharray:2 3}
        """;

    public static string WritePage(Counterexample example)
    {
        string title = Escape($"Not linearizable: {example.Model} {(example.Partition.Length > 0 ? new HistoryValue(example.Partition) : "")}".TrimEnd());
        return $$"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>{{title}}</title>
            <style>
            body{font:14px system-ui,sans-serif;margin:24px;background:#fff;color:#222}
            pre{font:12px ui-monospace,Menlo,Consolas,monospace;background:#f6f6f6;padding:12px;overflow-x:auto}
            .scroll{overflow-x:auto;border:1px solid #ddd} .key span{display:inline-block;margin-right:18px}
            .key i{display:inline-block;width:14px;height:14px;border:2px solid;vertical-align:-3px;margin-right:5px}
            </style></head><body>
            <h1>{{title}}</h1>
            <p class="key"><span><i style="background:#f6b3b3;border-color:#c00"></i>cannot be placed</span>
            <span><i style="background:#ffd9c7;border-color:#d2551a"></i>contradicts it</span>
            <span><i style="background:#cfe8cf;border-color:#5a9a5a"></i>explained; the number is its place in the order</span>
            <span><i style="background:#fff0c2;border:2px dashed #b8901e"></i>outcome unknown, its effect is needed</span>
            <span><i style="background:#eee;border:2px dashed #999"></i>outcome unknown</span></p>
            <div class="scroll">
            {{WriteSvg(example)}}
            </div>
            <p>From left to right one event after the other, not by the clock; times in milliseconds. The whole operation shows when the pointer rests on it.</p>
            <pre>{{Escape(example.ToText())}}</pre>
            </body></html>
            """;
    }

    public static string WriteSvg(Counterexample example)
    {
        HistoryOperation[] shown = Choose(example);
        long end = example.Culprit.ReturnNs!.Value;
        string[] clients = [.. shown.Select(o => o.Client).Distinct().OrderBy(c => c.Length).ThenBy(c => c, StringComparer.Ordinal)];
        long[] events = [.. shown.Select(o => o.CallNs).Concat(shown.Select(o => Math.Min(o.ReturnNs ?? end, end))).Distinct().Order()];
        Dictionary<long, int> at = events.Select((time, i) => (time, i)).ToDictionary(e => e.time, e => e.i);
        Dictionary<HistoryOperation, int> order = new(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < example.Prefix.Count; i++)
        {
            order[example.Prefix[i].Operation] = i + 1;
        }

        // A client may have several operations under way at a time: each gets a row of its own.
        Dictionary<HistoryOperation, int> rows = new(ReferenceEqualityComparer.Instance);
        Dictionary<string, int> laneTop = [];
        int rowCount = 0;
        foreach (string client in clients)
        {
            laneTop[client] = rowCount;
            List<long> busyUntil = [];
            foreach (HistoryOperation operation in shown.Where(o => o.Client == client))
            {
                int row = busyUntil.FindIndex(b => b <= operation.CallNs);
                if (row < 0)
                {
                    row = busyUntil.Count;
                    busyUntil.Add(0);
                }

                busyUntil[row] = operation.ReturnNs ?? long.MaxValue;
                rows[operation] = rowCount + row;
            }

            rowCount += busyUntil.Count;
        }

        int width = Left + (events.Length * PerEvent) + 220;
        int height = Top + (rowCount * LaneHeight) + 20;
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"lin\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n");
        svg.Append("<style>").Append(Style).Append("</style>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n");
        int labelEvery = Math.Max(1, 90 / PerEvent);
        for (int i = 0; i < events.Length; i += labelEvery)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(i)}\" x2=\"{X(i)}\" y1=\"{Top - 8}\" y2=\"{height - 10}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{X(i)}\" y=\"{Top - 14}\" text-anchor=\"middle\">{CounterexampleText.Time(events[i])}</text>\n");
        }

        foreach (string client in clients)
        {
            int y = Top + (laneTop[client] * LaneHeight);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"lane\" x1=\"0\" x2=\"{width}\" y1=\"{y - 4}\" y2=\"{y - 4}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"8\" y=\"{y + 16}\">{Escape(client)}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"cut\" x1=\"{X(at[end])}\" x2=\"{X(at[end])}\" y1=\"{Top - 8}\" y2=\"{height - 10}\"/>\n");
        HashSet<HistoryOperation> conflict = new(example.Conflict, ReferenceEqualityComparer.Instance);
        foreach (HistoryOperation operation in shown)
        {
            bool open = operation.ReturnNs is null || operation.Outcome == OperationOutcome.Unknown;
            int x = X(at[operation.CallNs]);
            int right = open ? X(events.Length - 1) + 60 : X(at[operation.ReturnNs!.Value]);
            int y = Top + (rows[operation] * LaneHeight);
            string kind = ReferenceEquals(operation, example.Culprit) ? "culprit"
                : conflict.Contains(operation) ? "clash"
                : !open ? "done"
                : order.ContainsKey(operation) ? "seen" : "open";
            string number = order.TryGetValue(operation, out int place) ? $"{place}. " : "";
            string label = number + operation.Describe();
            int fits = Math.Max(5, (right - x - 8) / CharacterWidth);
            if (kind is "done" or "open" && label.Length > fits)
            {
                label = label[..(fits - 1)] + "…";
            }

            svg.Append("<g><title>").Append(Escape(operation + (operation.Note is { } note ? $" ({note})" : ""))).Append("</title>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"{kind}\" x=\"{x}\" y=\"{y}\" width=\"{Math.Max(6, right - x)}\" height=\"{BarHeight}\" rx=\"3\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + 4}\" y=\"{y + 15}\">{Escape(label)}</text></g>\n");
        }

        return svg.Append("</svg>").ToString();
    }

    private static int X(int index) => Left + (index * PerEvent);

    /// <summary>The conflict, and around it as much as can be looked at.</summary>
    private static HistoryOperation[] Choose(Counterexample example)
    {
        HashSet<HistoryOperation> chosen = new(example.Conflict.TakeLast(MostBars), ReferenceEqualityComparer.Instance) { example.Culprit };
        HashSet<HistoryOperation> needed = new(example.Prefix.Select(p => p.Operation), ReferenceEqualityComparer.Instance);
        HistoryOperation[] anchors = [.. chosen];

        // Close in time to something of the conflict; unknown operations whose effect is needed before all others.
        foreach (HistoryOperation operation in example.Operations
            .OrderBy(o => o.Outcome == OperationOutcome.Completed || needed.Contains(o) ? 0 : 1)
            .ThenBy(o => anchors.Min(a => Distance(a, o))))
        {
            if (chosen.Count >= MostBars / 2 + anchors.Length || chosen.Count >= MostBars)
            {
                break;
            }

            chosen.Add(operation);
        }

        return [.. chosen.OrderBy(o => o.CallNs)];
    }

    private static long Distance(HistoryOperation one, HistoryOperation other)
    {
        long oneEnd = one.ReturnNs ?? one.CallNs;
        long otherEnd = other.ReturnNs ?? other.CallNs;
        return Math.Max(0, Math.Max(one.CallNs - otherEnd, other.CallNs - oneEnd));
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(new string([.. text.Select(c => char.IsControl(c) && c != '\n' ? '·' : c)]));
}
