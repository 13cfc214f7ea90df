using RaftActors.Runtime;

namespace RaftActors;

// Client sessions: exactly once.
public sealed partial class RaftStream
{
    /// <summary>
    /// Opens a client session: what is proposed through it is applied exactly once, and repeated until that is certain (thesis section 6.3).
    /// </summary>
    /// <param name="options">Timeouts, and how much may be under way; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; a session that was opened nevertheless is closed again.</param>
    /// <exception cref="SessionNotOpenedException">It could not be opened in time, or the stream has stopped here.</exception>
    public Task<RaftSession> OpenSessionAsync(SessionOptions? options = null, CancellationToken cancellationToken = default) =>
        OpenSession(options ?? SessionOptions.Default, null, 1, cancellationToken);

    /// <summary>Goes on with a session that was opened before, through this member or another, for instance by this client before it was started again. Only one may use a session at a time.</summary>
    /// <param name="grant">What opening it has given (<see cref="RaftSession.Grant"/>).</param>
    /// <param name="nextSerial">Above all serials that were used in it.</param>
    /// <param name="options">Timeouts, and how much may be under way; null for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="SessionNotOpenedException">There is no such session any more, or that could not be found out in time.</exception>
    public Task<RaftSession> ResumeSessionAsync(SessionGrant grant, ulong nextSerial, SessionOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(grant);
        ArgumentOutOfRangeException.ThrowIfZero(nextSerial);
        return OpenSession(options ?? SessionOptions.Default, grant, nextSerial, cancellationToken);
    }

    /// <summary>
    /// Opens, keeps or closes a session for a client that counts its serials itself and proposes with <see cref="ProposeOptions.Session"/>: one that talks to several members in turn, or writes its numbers down.
    /// <see cref="SessionGrant.Of"/> reads the answer to <see cref="RaftActors.OpenSession"/>.
    /// </summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="cancellationToken">Takes the request back while it waits in a queue; stops waiting when it has gone further.</param>
    public Task<ProposalAnswer> RequestAsync(SessionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (cancellationToken.IsCancellationRequested)
        {
            return Cancelled(cancellationToken);
        }

        if (request.Refusal() is { } refusal)
        {
            return Task.FromResult<ProposalAnswer>(refusal);
        }

        LocalProposal proposal = new(request.ToControl(_link.Settings).Encode(), ProposeOptions.Default)
        {
            Kind = EntryKind.Session,
            Deadline = _clock.Now + (request.Wait ?? _link.Settings.ClientTimeout),
        };
        _link.Submit(proposal);
        return cancellationToken.CanBeCanceled ? Cancellable(proposal, cancellationToken) : proposal.Task;
    }

    private Task<RaftSession> OpenSession(SessionOptions options, SessionGrant? resume, ulong nextSerial, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPipelined, 1, nameof(options));
        if (options.Timeout is { } timeout)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(timeout, TimeSpan.FromMilliseconds(1), nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(timeout, SessionLimits.LongestTimeout, nameof(options));
        }

        PendingSession session = new(Id, options, resume, nextSerial) { Deadline = _clock.Now + (options.OpenTimeout ?? _link.Settings.ClientTimeout) };
        _link.HandToStream(session);
        return cancellationToken.CanBeCanceled ? Cancellable(session, cancellationToken) : session.Task;
    }

    private static async Task<RaftSession> Cancellable(PendingSession session, CancellationToken cancellationToken)
    {
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static (s, token) => ((PendingSession)s!).Cancel(token), session);
        try
        {
            return await session.Task.ConfigureAwait(false);
        }
        finally
        {
            registration.Unregister();
        }
    }
}
