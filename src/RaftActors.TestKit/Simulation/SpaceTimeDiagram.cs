using System.Globalization;
using System.Net;
using System.Text;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Draws a run as a space-time diagram: a lane for each member, time downwards, an arrow for each message. Shows what can have
/// led to the end and nothing else. One HTML file that needs nothing else.
/// </summary>
public static class SpaceTimeDiagram
{
    private const int MaxRows = 250;
    private const int RowHeight = 22;
    private const int Left = 110;
    private const int LaneWidth = 300;
    private const int Top = 40;

    /// <summary>Draws.</summary>
    /// <param name="headings">Lines above the picture.</param>
    /// <param name="result">The run.</param>
    /// <param name="trace">What happened in it.</param>
    /// <returns>A whole HTML document.</returns>
    public static string Draw(IReadOnlyList<string> headings, SimulationResult result, SimulationTrace trace) =>
        Draw(headings, result.Schedule.Seed, [.. result.Cluster.Members.Select(m => m.Id)], trace);

    /// <summary>Draws.</summary>
    /// <param name="headings">Lines above the picture.</param>
    /// <param name="seed">For the title.</param>
    /// <param name="members">The lanes: ids from 1 on.</param>
    /// <param name="trace">What happened.</param>
    /// <returns>A whole HTML document.</returns>
    public static string Draw(IReadOnlyList<string> headings, ulong seed, IReadOnlyList<NodeId> members, SimulationTrace trace)
    {
        TraceEvent[] rows = [.. Rows(trace)];
        int width = Left + (members.Count * LaneWidth) + 100;
        int height = Top + (rows.Length * RowHeight) + 60;
        StringBuilder html = new();
        html.Append(CultureInfo.InvariantCulture, $$"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>seed {{seed}}</title>
            <style>
            body { font: 13px system-ui, sans-serif; margin: 16px; color: #222; background: #fff }
            h1 { font-size: 16px; color: #b00020; margin: 0 0 6px } p { margin: 2px 0; color: #555 }
            svg text { font: 11px ui-monospace, monospace; paint-order: stroke; stroke: #fff; stroke-width: 3px }
            .time { fill: #999 } .name { font-weight: bold; font-size: 13px }
            .arrow { stroke-width: 1.3; fill: none; marker-end: url(#head) }
            .vote { stroke: #7b3fb5 } .append { stroke: #1565c0 } .beat { stroke: #b0bec5 } .read { stroke: #00897b } .snap { stroke: #8d6e63 }
            .lost { stroke-dasharray: 4 3; marker-end: url(#cross) }
            .fault { fill: #c75b00 } .bad { fill: #b00020; font-weight: bold } .quiet { fill: #777 } .say { fill: #222 }
            </style></head><body>

            """);
        html.Append("<h1>").Append(Escape(headings[0])).Append("</h1>\n");
        foreach (string heading in headings.Skip(1))
        {
            html.Append("<p>").Append(Escape(heading)).Append("</p>\n");
        }

        html.Append("<p>Lanes: <span style='color:#43a047'>leader</span>, <span style='color:#fb8c00'>candidate</span>, <span style='color:#90a4ae'>follower</span>, dotted when down. ");
        html.Append("Arrows: <span style='color:#7b3fb5'>votes</span>, <span style='color:#1565c0'>appends</span>, <span style='color:#90a4ae'>heartbeats</span>, <span style='color:#00897b'>reads</span>, <span style='color:#8d6e63'>snapshots</span>; dashed when lost. Rows are events in order, not to scale of time.</p>\n");
        html.Append(CultureInfo.InvariantCulture, $"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>\n");
        html.Append("<defs><marker id='head' viewBox='0 0 8 8' refX='8' refY='4' markerWidth='7' markerHeight='7' orient='auto'><path d='M0 0L8 4L0 8z' fill='context-stroke'/></marker>");
        html.Append("<marker id='cross' viewBox='0 0 8 8' refX='4' refY='4' markerWidth='8' markerHeight='8'><path d='M1 1L7 7M7 1L1 7' stroke='#b00020' stroke-width='1.6'/></marker></defs>\n");
        DrawLanes(html, members, trace, rows);
        DrawRows(html, rows, width);
        html.Append("</svg></body></html>\n");
        return html.ToString();
    }

    private static IEnumerable<TraceEvent> Rows(SimulationTrace trace) =>
        trace.Explanation().Where(e => e.What is not RaftInput.TimerElapsed { Timer: RaftTimer.Heartbeat or RaftTimer.Vote }).TakeLast(MaxRows);

    /// <summary>The lane of a member changes its colour with the role, also by events that have no row of their own.</summary>
    private static void DrawLanes(StringBuilder svg, IReadOnlyList<NodeId> members, SimulationTrace trace, TraceEvent[] rows)
    {
        int bottom = Top + (rows.Length * RowHeight) + 10;
        foreach (NodeId member in members)
        {
            int x = X(member);
            svg.Append(CultureInfo.InvariantCulture, $"<text class='name' x='{x - 30}' y='{Top - 18}'>member {member}</text>\n");
            string style = Style(null);
            int from = Top - 10;
            int row = 0;
            foreach (TraceEvent e in trace.Events)
            {
                while (row < rows.Length && rows[row].Number < e.Number)
                {
                    row++;
                }

                string? now = e.Member != member ? null : e switch
                {
                    { Kind: TraceKind.Crashed } => Style(null),
                    { Kind: TraceKind.Started } => Style(Role.Follower),
                    { What: Effect.RoleChanged changed } => Style(changed.Role),
                    _ => null,
                };
                if (now is not null && now != style)
                {
                    int y = rows.Length == 0 || e.Number < rows[0].Number ? Top - 10 : Y(Math.Min(row, rows.Length - 1));
                    Segment(from, y, style);
                    (from, style) = (y, now);
                }
            }

            Segment(from, bottom, style);

            void Segment(int y1, int y2, string how)
            {
                if (y2 > y1)
                {
                    svg.Append(CultureInfo.InvariantCulture, $"<line x1='{x}' y1='{y1}' x2='{x}' y2='{y2}' {how}/>\n");
                }
            }
        }
    }

    private static void DrawRows(StringBuilder svg, TraceEvent[] rows, int width)
    {
        Dictionary<int, int> rowOf = [];
        TimeSpan last = TimeSpan.MinValue;
        for (int row = 0; row < rows.Length; row++)
        {
            TraceEvent e = rows[row];
            rowOf[e.Number] = row;
            int y = Y(row);
            if (e.At != last)
            {
                last = e.At;
                svg.Append(CultureInfo.InvariantCulture, $"<text class='time' x='6' y='{y + 4}'>{e.At.TotalMilliseconds:F2} ms</text>\n");
            }

            switch (e.Kind)
            {
                case TraceKind.Sent:
                    break;
                case TraceKind.Delivered or TraceKind.Lost:
                    Arrow(svg, e, rowOf.TryGetValue(e.Cause, out int sent) ? Y(sent) : Top - 10, y);
                    break;
                case TraceKind.Violation:
                    svg.Append(CultureInfo.InvariantCulture, $"<line x1='{Left - 10}' y1='{y}' x2='{width}' y2='{y}' stroke='#b00020' stroke-width='2'/>\n");
                    Say(svg, "bad", Left - 4, y + 16, Escape(e.What.ToString()!));
                    break;
                case TraceKind.Fault or TraceKind.Note when e.Member == NodeId.None:
                    svg.Append(CultureInfo.InvariantCulture, $"<line x1='{Left - 10}' y1='{y}' x2='{width}' y2='{y}' stroke='#ffb74d' stroke-dasharray='6 4'/>\n");
                    Say(svg, "fault", Left - 4, y - 3, Escape(e.What.ToString()!));
                    break;
                default:
                    Happening(svg, e, y);
                    break;
            }
        }
    }

    private static void Happening(StringBuilder svg, in TraceEvent e, int y)
    {
        string style = e switch
        {
            { Kind: TraceKind.Crashed or TraceKind.Started or TraceKind.Fault } => "fault",
            { What: Effect.RoleChanged or Effect.Commit or Effect.ReadReady or Effect.ProposalAccepted } => "say",
            _ => "quiet",
        };
        string words = e.Kind switch
        {
            TraceKind.Crashed => "crashes",
            TraceKind.Started => $"starts {e.What}",
            _ => TraceText.Of(e.What),
        };
        int x = X(e.Member);
        svg.Append(CultureInfo.InvariantCulture, $"<circle cx='{x}' cy='{y}' r='3' fill='#455a64'/>\n");
        Say(svg, style, x + 8, y + 4, Escape(Cut(words, 44)), words);
    }

    private static void Arrow(StringBuilder svg, in TraceEvent e, int sentY, int y)
    {
        int from = X(e.Peer);
        int to = X(e.Member);
        bool isLost = e.Kind == TraceKind.Lost;
        if (isLost)
        {
            // It ends on the way.
            to = from + ((to - from) * 2 / 5);
            y = sentY + Math.Min(y - sentY, RowHeight);
        }

        string words = TraceText.Of(e.What);
        svg.Append(CultureInfo.InvariantCulture, $"<path class='arrow {Colour(e.What)}{(isLost ? " lost" : string.Empty)}' d='M{from} {sentY}L{to} {y}'><title>{Escape(words)}</title></path>\n");
        int side = Math.Sign(to - from);
        svg.Append(CultureInfo.InvariantCulture, $"<text class='quiet' x='{from + (side * 14)}' y='{sentY + 12}' text-anchor='{(side < 0 ? "end" : "start")}'>{Escape(Cut(words, 40))}</text>\n");
    }

    private static void Say(StringBuilder svg, string style, int x, int y, string escaped, string? whole = null)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<text class='{style}' x='{x}' y='{y}'>{escaped}");
        if (whole is not null)
        {
            svg.Append("<title>").Append(Escape(whole)).Append("</title>");
        }

        svg.Append("</text>\n");
    }

    private static string Colour(object what) => what switch
    {
        RequestVote or RequestVoteReply or TimeoutNow => "vote",
        AppendEntries { Batches.Count: 0 } => "beat",
        AppendEntries or AppendEntriesReply => "append",
        ReadIndexRequest or ReadIndexReply => "read",
        _ => "snap",
    };

    private static string Style(Role? role) => role switch
    {
        null => "stroke='#bdbdbd' stroke-width='2' stroke-dasharray='1 5'",
        Role.Leader => "stroke='#43a047' stroke-width='6' stroke-opacity='0.75'",
        Role.Follower => "stroke='#90a4ae' stroke-width='3'",
        _ => "stroke='#fb8c00' stroke-width='4' stroke-opacity='0.8'",
    };

    private static int X(NodeId member) => Left + 60 + (((int)member.Value - 1) * LaneWidth);

    private static int Y(int row) => Top + (row * RowHeight) + 10;

    private static string Cut(string words, int length) => words.Length <= length ? words : words[..(length - 1)] + "…";

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
