using RaftActors.Configuration;

namespace RaftActors;

/// <summary>
/// About client sessions, sent to <see cref="RaftStream.Ref"/> by any actor, also a remote one; the sender gets a <see cref="ProposalAnswer"/>. One of the three sealed records below.
/// </summary>
/// <param name="Wait">How long to wait for the answer; null for the stream's <c>client-timeout</c>.</param>
public abstract record SessionRequest(TimeSpan? Wait)
{
    internal abstract SessionControl ToControl(StreamSettings settings);

    internal virtual ProposalRefused? Refusal() => Wait <= TimeSpan.Zero ? new ProposalRefused(RefusalCode.Invalid, $"the time to wait must be above 0 (got {Wait})") : null;

    private protected static ProposalRefused? Refusal(ulong session) => session == 0 ? new ProposalRefused(RefusalCode.Invalid, "there is no session 0") : null;
}

/// <summary>Opens a session. When it is committed, <see cref="SessionGrant.Of"/> reads the answer. Asked again after an unknown outcome, it opens another; the first expires.</summary>
/// <param name="Timeout">How long it lives without being used, up to 30 days; null for <c>session-timeout</c>.</param>
/// <param name="Wait">How long to wait for the answer; null for the stream's <c>client-timeout</c>.</param>
public sealed record OpenSession(TimeSpan? Timeout = null, TimeSpan? Wait = null) : SessionRequest(Wait)
{
    internal override SessionControl ToControl(StreamSettings settings) => SessionControl.Open(settings.SessionLimits(Timeout ?? settings.SessionTimeout));

    internal override ProposalRefused? Refusal() =>
        Timeout < TimeSpan.FromMilliseconds(1) || Timeout > SessionLimits.LongestTimeout
            ? new ProposalRefused(RefusalCode.Invalid, $"a session's timeout must be from 1 ms to 30 days (got {Timeout})")
            : base.Refusal();
}

/// <summary>Keeps a session that has nothing to propose. <see cref="RefusalCode.SessionExpired"/> when it is too late.</summary>
/// <param name="Session">The session.</param>
/// <param name="Wait">How long to wait for the answer; null for the stream's <c>client-timeout</c>.</param>
public sealed record KeepSessionAlive(ulong Session, TimeSpan? Wait = null) : SessionRequest(Wait)
{
    internal override SessionControl ToControl(StreamSettings settings) => SessionControl.KeepAlive(Session);

    internal override ProposalRefused? Refusal() => Refusal(Session) ?? base.Refusal();
}

/// <summary>Ends a session. <see cref="RefusalCode.SessionExpired"/> when it has ended already.</summary>
/// <param name="Session">The session.</param>
/// <param name="Wait">How long to wait for the answer; null for the stream's <c>client-timeout</c>.</param>
public sealed record CloseSession(ulong Session, TimeSpan? Wait = null) : SessionRequest(Wait)
{
    internal override SessionControl ToControl(StreamSettings settings) => SessionControl.Close(Session);

    internal override ProposalRefused? Refusal() => Refusal(Session) ?? base.Refusal();
}
