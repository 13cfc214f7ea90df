using System.Text;
using Xunit;

namespace RaftActors.Protocol.Tests.Sessions;

/// <summary>Thesis section 6.3, one sentence at a time: "the state machine ... tracks the latest serial number processed ... along with the associated response".</summary>
public sealed class SessionTableSpec
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private readonly SessionTable _table = new();
    private long _index;

    [Fact]
    public void A_command_is_applied_once_and_repeated_gets_the_first_result()
    {
        ulong session = Open();
        Assert.Equal("applied", Apply(session, 1, "first"));
        Assert.Equal("first", Apply(session, 1, "second"));
        Assert.Equal("first", Apply(session, 1, "third"));
    }

    [Fact] // "concurrent requests from the same client ... the client includes the lowest sequence number for which it has not yet received a response"; here the window does that.
    public void Serials_may_arrive_in_any_order()
    {
        ulong session = Open();
        foreach (ulong serial in (ReadOnlySpan<ulong>)[3, 1, 5, 2])
        {
            Assert.Equal("applied", Apply(session, serial, $"r{serial}"));
        }

        foreach (ulong serial in (ReadOnlySpan<ulong>)[1, 2, 3, 5])
        {
            Assert.Equal($"r{serial}", Apply(session, serial, "again"));
        }

        Assert.Equal("applied", Apply(session, 4, "r4"));
    }

    [Fact]
    public void A_serial_below_what_is_remembered_is_never_applied_again()
    {
        ulong session = Open(maxResults: 3);
        for (ulong serial = 1; serial <= 5; serial++)
        {
            Assert.Equal("applied", Apply(session, serial, $"r{serial}"));
        }

        Assert.Equal("SerialTooOld", Apply(session, 1, "x"));
        Assert.Equal("SerialTooOld", Apply(session, 2, "x"));
        Assert.Equal("r3", Apply(session, 3, "x"));
        Assert.Equal("SerialTooOld", Apply(session, 0, "x"));
    }

    [Fact]
    public void The_lowest_serial_makes_room_even_when_it_came_last()
    {
        ulong session = Open(maxResults: 2);
        Apply(session, 5, "r5");
        Apply(session, 6, "r6");
        Assert.Equal("applied", Apply(session, 3, "r3"));
        Assert.Equal("SerialTooOld", Apply(session, 3, "x"));
        Assert.Equal("r5", Apply(session, 5, "x"));
        Assert.Equal("applied", Apply(session, 4, "r4"));
        Assert.Equal("SerialTooOld", Apply(session, 4, "x"));
    }

    [Fact]
    public void Results_that_take_up_too_much_are_forgotten_from_the_lowest_serial_on_and_never_applied_again()
    {
        ulong session = Open(maxBytes: 10);
        Apply(session, 1, "aaaa");
        Apply(session, 2, "bbbb");
        Apply(session, 3, string.Empty);
        Apply(session, 4, "cccc");
        Assert.Equal("forgotten", Apply(session, 1, "x"));
        Assert.Equal("bbbb", Apply(session, 2, "x"));
        Assert.Equal(string.Empty, Apply(session, 3, "x"));
        Assert.Equal("cccc", Apply(session, 4, "x"));

        // Larger than everything together: only it is forgotten.
        Apply(session, 5, "ddddddddddd");
        Assert.Equal("forgotten", Apply(session, 5, "x"));
        Assert.Equal("cccc", Apply(session, 4, "x"));
        Assert.Equal(8, _table.RememberedBytes);
    }

    [Fact]
    public void A_repetition_behind_its_first_attempt_in_the_same_batch_gets_its_result()
    {
        ulong session = Open();
        SessionVerdict first = Begin(session, 1);
        SessionVerdict repeated = Begin(session, 1);
        Assert.Equal(SessionDecision.Duplicate, repeated.Decision);
        _table.Complete(first.Result!, "r"u8.ToArray());
        Assert.Equal("r", Encoding.UTF8.GetString(repeated.Result!.Result.Span));
    }

    [Fact] // "without session: ... a server that receives a request for an expired session must not apply it".
    public void Without_a_session_nothing_is_applied()
    {
        Assert.Equal("NoSession", Apply(99, 1, "x"));
        ulong session = Open();
        Apply(session, 1, "r");
        Assert.Equal(SessionDecision.Done, Do(SessionControl.Close(session)));
        Assert.Equal("NoSession", Apply(session, 1, "x"));
        Assert.Equal("NoSession", Apply(session, 2, "x"));
        Assert.Equal(SessionDecision.NoSession, Do(SessionControl.Close(session)));
        Assert.Equal(SessionDecision.NoSession, Do(SessionControl.KeepAlive(session)));
    }

    [Fact]
    public void Only_what_leaders_write_makes_time_pass()
    {
        ulong session = Open();
        Do(SessionControl.Clock(Minute - TimeSpan.FromMilliseconds(1)));
        Assert.True(_table.IsOpen(session));
        Do(SessionControl.Clock(Minute));
        Assert.False(_table.IsOpen(session));
    }

    [Fact]
    public void Time_never_goes_back()
    {
        Do(SessionControl.Clock(Minute));
        Do(SessionControl.Clock(TimeSpan.FromSeconds(1)));
        Assert.Equal(Minute, _table.LogTime);
        ulong session = Open();
        Do(SessionControl.Clock(Minute * 1.5));
        Assert.True(_table.IsOpen(session));
    }

    [Fact]
    public void A_use_counts_as_of_the_next_time_that_is_told_so_never_too_early()
    {
        ulong session = Open();
        Apply(session, 1, "r");
        Do(SessionControl.Clock(Minute * 3));
        Assert.True(_table.IsOpen(session));
        Do(SessionControl.Clock(Minute * 4));
        Assert.False(_table.IsOpen(session));
    }

    [Fact]
    public void Repetitions_refusals_and_keep_alives_are_uses_too()
    {
        ulong session = Open(maxResults: 1);
        Apply(session, 1, "r");
        Apply(session, 2, "r");
        for (int i = 1; i < 5; i++)
        {
            Apply(session, i % 2 == 0 ? 2UL : 1UL, "x");
            Do(SessionControl.Clock(Minute * i));
            Assert.True(_table.IsOpen(session));
        }

        Assert.Equal(SessionDecision.Done, Do(SessionControl.KeepAlive(session, Minute * 4.9)));
        Do(SessionControl.Clock(Minute * 5.8));
        Assert.True(_table.IsOpen(session));
        Assert.Equal(SessionDecision.NoSession, Do(SessionControl.KeepAlive(session, Minute * 5.9)));
    }

    [Fact]
    public void The_session_that_was_not_used_for_longest_makes_room()
    {
        ulong a = Open(maxSessions: 3);
        ulong b = Open(maxSessions: 3);
        ulong c = Open(maxSessions: 3);
        Apply(a, 1, "r");
        ulong d = Open(maxSessions: 3);
        Assert.Equal([true, false, true, true], new[] { a, b, c, d }.Select(_table.IsOpen));

        // The entry that opens says how many there may be.
        ulong e = Open(maxSessions: 1);
        Assert.Equal([false, false, false, true], new[] { a, c, d, e }.Select(_table.IsOpen));
    }

    [Fact]
    public void The_clock_is_asked_for_only_while_it_has_something_to_tell()
    {
        Assert.Null(_table.NextClock);
        ulong session = Open();
        Assert.Equal(Minute, _table.NextClock);
        Apply(session, 1, "r");
        Assert.Equal(Minute / 4, _table.NextClock);
        Do(SessionControl.Clock(Minute / 4));
        Assert.Equal(Minute, _table.NextClock);
        Do(SessionControl.Clock(Minute));
        Assert.Equal(Minute * 1.25, _table.NextClock);
        Do(SessionControl.Close(session, Minute));
        Assert.Null(_table.NextClock);
    }

    [Fact]
    public void A_leader_goes_on_from_what_the_log_says_with_its_own_monotonic_time()
    {
        SessionClock clock = new();
        TimeSpan now = TimeSpan.FromDays(7);
        Assert.Equal(TimeSpan.Zero, clock.Read(now));
        clock.Learn(Minute, now);
        Assert.Equal(Minute, clock.Read(now + Minute));
        clock.Lead(now + Minute);
        Assert.Equal(Minute * 2, clock.Read(now + (Minute * 2)));

        // Its own entries come back, and tell nothing new.
        clock.Learn(Minute * 1.5, now + (Minute * 2));
        Assert.Equal(Minute * 3, clock.Read(now + (Minute * 3)));
        clock.Follow();
        Assert.Equal(Minute, clock.Read(now + (Minute * 4)));
        clock.Learn(Minute * 2.5, now + (Minute * 4));
        clock.Lead(now + (Minute * 5));
        Assert.Equal(Minute * 3.5, clock.Read(now + (Minute * 6)));
    }

    private ulong Open(int maxSessions = 10, int maxResults = 100, int maxBytes = 1000)
    {
        Assert.Equal(SessionDecision.Done, Do(SessionControl.Open(new SessionLimits(Minute, maxSessions, maxResults, maxBytes))));
        return (ulong)_index;
    }

    private SessionDecision Do(SessionControl control)
    {
        Assert.True(SessionControl.TryDecode(control.Encode(), out SessionControl? read));
        Assert.Equal(control, read);
        return _table.Control(new LogIndex(++_index), read).Decision;
    }

    private SessionVerdict Begin(ulong session, ulong serial) => _table.Begin(new EntryId(new Term(1), new LogIndex(++_index)), session, serial);

    private string Apply(ulong session, ulong serial, string result)
    {
        SessionVerdict verdict = Begin(session, serial);
        switch (verdict.Decision)
        {
            case SessionDecision.Apply:
                _table.Complete(verdict.Result!, Encoding.UTF8.GetBytes(result));
                return "applied";
            case SessionDecision.Duplicate:
                return verdict.Result!.IsForgotten ? "forgotten" : Encoding.UTF8.GetString(verdict.Result.Result.Span);
            default:
                return verdict.Decision.ToString();
        }
    }
}
