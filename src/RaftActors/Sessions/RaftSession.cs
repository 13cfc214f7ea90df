using Akka.Actor;
using RaftActors.Configuration;
using RaftActors.Runtime;

namespace RaftActors;

/// <summary>
/// A client session (thesis section 6.3): what is proposed through it is applied exactly once, however often it has to be sent, and answered with the result of that one time. It counts the commands,
/// repeats them over changes of the leader, unknown outcomes and overload, and keeps itself while it has nothing to do. Thread-safe. Made by
/// <see cref="RaftStream.OpenSessionAsync"/>; dispose it, or it is kept until the stream stops here.
/// </summary>
/// <remarks>
/// Commands that are under way at the same time may be applied in any order; await one before the next, or open the session with <see cref="SessionOptions.MaxPipelined"/> 1, where order matters. A session ends when it is closed,
/// when it could not be used or kept for its timeout, or when it has to make room for others (<c>max-sessions</c>); then open another, knowing that what was answered <see cref="OutcomeUnknown"/> may have been applied.
/// </remarks>
public sealed class RaftSession : IAsyncDisposable
{
    private readonly StreamLink _link;
    private readonly RaftClock _clock;
    private readonly IActorRef _actor;
    private readonly SessionFate _fate;

    internal RaftSession(StreamLink link, RaftClock clock, IActorRef actor, SessionFate fate, SessionGrant grant)
    {
        _link = link;
        _clock = clock;
        _actor = actor;
        _fate = fate;
        Grant = grant;
    }

    /// <summary>The session's number; 0 is none.</summary>
    public ulong Id => Grant.SessionId;

    /// <summary>How long the session lives without being used.</summary>
    public TimeSpan Timeout => Grant.Timeout;

    /// <summary>What it may take up.</summary>
    public SessionGrant Grant { get; }

    /// <summary>True when the session is known to be gone: nothing more is accepted.</summary>
    public bool IsOver => _fate.IsOver;

    /// <summary>
    /// Proposes a command and repeats it until its outcome is certain or the time is up. <see cref="OutcomeUnknown"/> is answered only when the time is up, the session is over, or the stream stops here, and an attempt may
    /// have reached a log. After it the command is not repeated any more.
    /// </summary>
    /// <param name="data">The bytes; copied before this method returns.</param>
    /// <param name="timeout">How long to try, waiting for others of this session included; null for the stream's <c>client-timeout</c>.</param>
    /// <param name="key">See <see cref="ProposeOptions.Key"/>.</param>
    /// <param name="cancellationToken">Gives up; <see cref="ProposalCanceledException"/> says whether the command may have been applied.</param>
    public Task<ProposalAnswer> ProposeAsync(ReadOnlyMemory<byte> data, TimeSpan? timeout = null, ulong key = 0, CancellationToken cancellationToken = default)
    {
        if (ProposalCheck.Refusal(data.Length, Term.Zero, timeout, _link.Settings) is { } refusal)
        {
            return Task.FromResult<ProposalAnswer>(refusal);
        }

        SessionCommand command = new(data.ToArray(), key) { Deadline = _clock.Now + (timeout ?? _link.Settings.ClientTimeout) };
        if (cancellationToken.IsCancellationRequested)
        {
            command.Cancel(cancellationToken);
        }
        else if (_link.TryCount(command))
        {
            Tell(command);
        }

        return cancellationToken.CanBeCanceled ? Cancellable(command, cancellationToken) : command.Task;
    }

    /// <summary>
    /// Ends the session when what is under way has ended, so that it takes up no room any more. When that cannot be done within the stream's <c>client-timeout</c>, it ends by itself some time later.
    /// </summary>
    public Task CloseAsync()
    {
        PendingSessionClose close = new() { Deadline = _clock.Now + _link.Settings.ClientTimeout };
        Tell(close);
        return close.Task;
    }

    /// <summary>The same as <see cref="CloseAsync"/>.</summary>
    public ValueTask DisposeAsync() => new(CloseAsync());

    /// <inheritdoc/>
    public override string ToString() => $"session {Id} of stream {_link.Id}";

    // An asynchronous method: its task ends as cancelled and yet carries the exception.
    private static async Task<ProposalAnswer> Cancellable(SessionCommand command, CancellationToken cancellationToken)
    {
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static (c, token) => ((SessionCommand)c!).Cancel(token), command);
        try
        {
            return await command.Task.ConfigureAwait(false);
        }
        finally
        {
            registration.Unregister();
        }
    }

    private void Tell(ClientRequest request)
    {
        if (!_fate.HasEnded)
        {
            _actor.Tell(request, ActorRefs.NoSender);
        }

        // Its actor may have ended before the request arrived.
        if (_fate.HasEnded)
        {
            request.Abandon(_fate.Reason, _fate.Code);
        }
    }
}
