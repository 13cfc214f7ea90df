using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence.Journal;

namespace Akka.Persistence.TestKit;

/// <summary>Sets the behaviour of a test journal.</summary>
public interface ITestJournal
{
    JournalWriteBehavior OnWrite { get; }

    JournalRecoveryBehavior OnRecovery { get; }

    JournalConnectionBehavior OnConnect { get; }
}

/// <summary>A journal in memory that fails, rejects and delays as a test tells it to.</summary>
public sealed class TestJournal : MemoryJournal
{
    private IJournalInterceptor _writeInterceptor = JournalInterceptors.Noop.Instance;
    private IJournalInterceptor _recoveryInterceptor = JournalInterceptors.Noop.Instance;
    private IConnectionInterceptor _connectionInterceptor = ConnectionInterceptors.Noop.Instance;

    public TestJournal()
    {
    }

    public static ITestJournal FromRef(IActorRef actor) => new Remote(actor);

    public override async Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        await _connectionInterceptor.InterceptAsync().ConfigureAwait(false);
        return await base.ReadHighestSequenceNrAsync(persistenceId, fromSequenceNr).ConfigureAwait(false);
    }

    public override async Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        // Both are read before the first await: what a test sets meanwhile is for the next replay.
        var recovery = _recoveryInterceptor;
        var events = Read(persistenceId, fromSequenceNr, Math.Min(toSequenceNr, HighestSequenceNr(persistenceId)), max);
        await _connectionInterceptor.InterceptAsync().ConfigureAwait(false);
        foreach (var e in events)
        {
            await recovery.InterceptAsync(e).ConfigureAwait(false);
            recoveryCallback(e);
        }
    }

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var intercept = _writeInterceptor;
        await _connectionInterceptor.InterceptAsync().ConfigureAwait(false);
        var results = ImmutableArray.CreateBuilder<Exception>();
        foreach (var write in messages)
        {
            var events = (IImmutableList<IPersistentRepresentation>)write.Payload;
            try
            {
                foreach (var e in events)
                    await intercept.InterceptAsync(e).ConfigureAwait(false);
            }
            catch (TestJournalRejectionException rejection)
            {
                results.Add(rejection);
                continue;
            }

            foreach (var e in events)
                Add(e);
            results.Add(null);
        }

        return results.ToImmutable();
    }

    protected override bool ReceivePluginInternal(object message)
    {
        switch (message)
        {
            case UseWriteInterceptor use:
                _writeInterceptor = use.Interceptor;
                break;
            case UseRecoveryInterceptor use:
                _recoveryInterceptor = use.Interceptor;
                break;
            case UseConnectionInterceptor use:
                _connectionInterceptor = use.Interceptor;
                break;
            default:
                return base.ReceivePluginInternal(message);
        }

        Sender.Tell(Ack.Instance);
        return true;
    }

    public sealed class UseWriteInterceptor
    {
        public UseWriteInterceptor(IJournalInterceptor interceptor) => Interceptor = interceptor;

        public IJournalInterceptor Interceptor { get; }
    }

    public sealed class UseRecoveryInterceptor
    {
        public UseRecoveryInterceptor(IJournalInterceptor interceptor) => Interceptor = interceptor;

        public IJournalInterceptor Interceptor { get; }
    }

    public sealed class UseConnectionInterceptor
    {
        public UseConnectionInterceptor(IConnectionInterceptor interceptor) => Interceptor = interceptor;

        public IConnectionInterceptor Interceptor { get; }
    }

    public sealed class Ack
    {
        public static readonly Ack Instance = new();
    }

    private sealed class Remote(IActorRef actor) : ITestJournal
    {
        public JournalWriteBehavior OnWrite => new(new WriteSetter(actor));

        public JournalRecoveryBehavior OnRecovery => new(new RecoverySetter(actor));

        public JournalConnectionBehavior OnConnect => new(new ConnectionSetter(actor));
    }

    private sealed class WriteSetter(IActorRef actor) : IJournalBehaviorSetter
    {
        public Task SetInterceptorAsync(IJournalInterceptor interceptor) => Set(actor, new UseWriteInterceptor(interceptor));
    }

    private sealed class RecoverySetter(IActorRef actor) : IJournalBehaviorSetter
    {
        public Task SetInterceptorAsync(IJournalInterceptor interceptor) => Set(actor, new UseRecoveryInterceptor(interceptor));
    }

    private sealed class ConnectionSetter(IActorRef actor) : IJournalConnectionBehaviorSetter
    {
        public Task SetInterceptorAsync(IConnectionInterceptor interceptor) => Set(actor, new UseConnectionInterceptor(interceptor));
    }

    private static Task Set(IActorRef actor, object message) => actor.Ask<Ack>(message, TimeSpan.FromSeconds(3));
}
