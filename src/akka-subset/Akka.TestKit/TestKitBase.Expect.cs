using Akka.Actor;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>The next message must be a <typeparamref name="T"/>.</summary>
    public T ExpectMsg<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<T>(false, duration, null, hint, cancellationToken));

    /// <summary>The next message must be equal to <paramref name="message"/>.</summary>
    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<T>(false, timeout, EqualTo(message, hint), hint, cancellationToken));

    /// <summary>The next message must satisfy <paramref name="isMessage"/>.</summary>
    public T ExpectMsg<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<T>(false, timeout, Satisfying(isMessage, hint), hint, cancellationToken));

    /// <summary>The next message must pass <paramref name="assert"/>.</summary>
    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<T>(false, timeout, Passing(assert), hint, cancellationToken));

    /// <summary>The next message and its sender must satisfy <paramref name="isMessageAndSender"/>.</summary>
    public T ExpectMsg<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync(false, timeout, Satisfying(isMessageAndSender, hint), hint, cancellationToken));

    /// <summary>The next message and its sender must pass <paramref name="assertMessageAndSender"/>.</summary>
    public T ExpectMsg<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync(false, timeout, assertMessageAndSender, hint, cancellationToken));

    /// <summary>The next message must be equal to <paramref name="expected"/> as <paramref name="comparer"/> sees it.</summary>
    public T ExpectMsg<T>(T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<T>(false, timeout, EqualTo(expected, comparer, hint), hint, cancellationToken));

    /// <summary>The next message must be a <typeparamref name="T"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(true, duration, null, hint, cancellationToken);

    /// <summary>The next message must be equal to <paramref name="message"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(true, timeout, EqualTo(message, hint), hint, cancellationToken);

    /// <summary>The next message must satisfy <paramref name="isMessage"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(true, timeout, Satisfying(isMessage, hint), hint, cancellationToken);

    /// <summary>The next message must pass <paramref name="assert"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Action<T> assert, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(true, timeout, Passing(assert), hint, cancellationToken);

    /// <summary>The next message and its sender must satisfy <paramref name="isMessageAndSender"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync(true, timeout, Satisfying(isMessageAndSender, hint), hint, cancellationToken);

    /// <summary>The next message and its sender must pass <paramref name="assertMessageAndSender"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync(true, timeout, assertMessageAndSender, hint, cancellationToken);

    /// <summary>The next message must be equal to <paramref name="expected"/> as <paramref name="comparer"/> sees it.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(true, timeout, EqualTo(expected, comparer, hint), hint, cancellationToken);

    /// <summary>The next message must be a <typeparamref name="T"/> from <paramref name="sender"/>.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<T>(false, duration, From<T>(sender, null, hint), hint, cancellationToken));

    /// <summary>The next message must be equal to <paramref name="message"/> and from <paramref name="sender"/>.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync(false, timeout, From(sender, EqualTo(message, hint), hint), hint, cancellationToken));

    /// <summary>The next message must satisfy <paramref name="isMessage"/> and be from <paramref name="sender"/>.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync(false, timeout, From(sender, Satisfying(isMessage, hint), hint), hint, cancellationToken));

    /// <summary>The next message must pass <paramref name="assertMessage"/> and be from <paramref name="sender"/>.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, Action<T> assertMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync(false, timeout, From(sender, Passing(assertMessage), hint), hint, cancellationToken));

    /// <summary>The next message must be a <typeparamref name="T"/> from <paramref name="sender"/>.</summary>
    public ValueTask<T> ExpectMsgFromAsync<T>(IActorRef sender, TimeSpan? duration = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(true, duration, From<T>(sender, null, hint), hint, cancellationToken);

    /// <summary>The next message must be equal to <paramref name="message"/> and from <paramref name="sender"/>.</summary>
    public ValueTask<T> ExpectMsgFromAsync<T>(IActorRef sender, T message, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync(true, timeout, From(sender, EqualTo(message, hint), hint), hint, cancellationToken);

    /// <summary>The next message must satisfy <paramref name="isMessage"/> and be from <paramref name="sender"/>.</summary>
    public ValueTask<T> ExpectMsgFromAsync<T>(IActorRef sender, Predicate<T> isMessage, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync(true, timeout, From(sender, Satisfying(isMessage, hint), hint), hint, cancellationToken);

    /// <summary>The next message must be that <paramref name="target"/>, which is watched, has ended.</summary>
    public Terminated ExpectTerminated(IActorRef target, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<Terminated>(false, timeout, EndOf(target, hint), hint, cancellationToken));

    /// <summary>The next message must be that <paramref name="target"/>, which is watched, has ended.</summary>
    public ValueTask<Terminated> ExpectTerminatedAsync(IActorRef target, TimeSpan? timeout = null, string hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<Terminated>(true, timeout, EndOf(target, hint), hint, cancellationToken);

    /// <summary>The next message must be equal to one of <paramref name="messages"/>.</summary>
    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default) =>
        Sync(ExpectAsync<T>(false, null, OneOf(messages), null, cancellationToken));

    /// <summary>The next message must be equal to one of <paramref name="messages"/>.</summary>
    public ValueTask<T> ExpectMsgAnyOfAsync<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(true, null, OneOf(messages), null, cancellationToken);

    /// <summary>The next messages must be these, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) =>
        Sync(AllOfAsync(false, RemainingOrDefault, messages, default));

    /// <summary>The next messages must be these, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages) =>
        Sync(AllOfAsync(false, Dilated(max), messages, default));

    /// <summary>The next messages must be these, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        Sync(AllOfAsync(false, RemainingOrDefault, messages, cancellationToken));

    /// <summary>The next messages must be these, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        Sync(AllOfAsync(false, Dilated(max), messages, cancellationToken));

    /// <summary>The next messages must be these, in any order.</summary>
    public IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        StreamAsync(() => AllOfAsync(true, RemainingOrDefault, messages, cancellationToken));

    /// <summary>The next messages must be these, in any order.</summary>
    public IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        StreamAsync(() => AllOfAsync(true, Dilated(max), messages, cancellationToken));

    /// <summary>No message may come for the default time.</summary>
    public void ExpectNoMsg(CancellationToken cancellationToken = default) =>
        SilenceAsync(false, RemainingOrDefault, cancellationToken).GetAwaiter().GetResult();

    /// <summary>No message may come for <paramref name="duration"/>.</summary>
    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) =>
        SilenceAsync(false, Dilated(duration), cancellationToken).GetAwaiter().GetResult();

    /// <summary>No message may come for so long.</summary>
    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    /// <summary>No message may come for the default time.</summary>
    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) =>
        SilenceAsync(true, RemainingOrDefault, cancellationToken);

    /// <summary>No message may come for <paramref name="duration"/>.</summary>
    public ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default) =>
        SilenceAsync(true, Dilated(duration), cancellationToken);

    /// <summary>No message may come for so long.</summary>
    public ValueTask ExpectNoMsgAsync(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsgAsync(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    private async ValueTask<T> ExpectAsync<T>(bool async, TimeSpan? timeout, Action<T, IActorRef> check, string hint, CancellationToken cancellationToken)
    {
        var max = RemainingOrDilated(timeout);
        var envelope = await NextAsync(async, true, max, cancellationToken);
        switch (envelope.Message)
        {
            case null:
                Fail($"No message came within {max}; expected was one of type {typeof(T)}{Hint(hint)}.");
                break;
            case T message:
                check?.Invoke(message, envelope.Sender);
                return message;
            default:
                Fail($"Expected a message of type {typeof(T)}{Hint(hint)}, but got {{{envelope.Message}}} of type {envelope.Message.GetType()} from {envelope.Sender}.");
                break;
        }

        return default;
    }

    private async ValueTask SilenceAsync(bool async, TimeSpan duration, CancellationToken cancellationToken)
    {
        var envelope = await NextAsync(async, true, duration, cancellationToken);
        if (envelope is not NullMessageEnvelope)
        {
            Fail($"Expected no message for {duration}, but got {{{envelope.Message}}} of type {envelope.Message.GetType()} from {envelope.Sender}.");
        }
    }

    private async ValueTask<IReadOnlyList<T>> AllOfAsync<T>(bool async, TimeSpan max, IReadOnlyCollection<T> expected, CancellationToken cancellationToken)
    {
        var received = await ReceiveManyAsync(async, expected.Count, max, cancellationToken);
        var missing = expected.ToList();
        var unexpected = new List<object>();
        var result = new List<T>();
        foreach (var message in received)
        {
            var at = missing.FindIndex(one => Equals(one, message));
            if (at < 0)
            {
                unexpected.Add(message);
                continue;
            }

            result.Add(missing[at]);
            missing.RemoveAt(at);
        }

        if (missing.Count > 0)
        {
            Fail($"Not received: [{string.Join(", ", missing)}]; received instead: [{string.Join(", ", unexpected)}].");
        }

        return result;
    }

    private Action<T, IActorRef> EqualTo<T>(T expected, string hint) => (message, _) =>
        _assertions.AssertEqual(expected, message, "Expected {0}{1}, but got {2}.", expected, Hint(hint), message);

    private Action<T, IActorRef> EqualTo<T>(T expected, Func<T, T, bool> comparer, string hint) => (message, _) =>
        _assertions.AssertEqual(expected, message, comparer, "Expected {0}{1}, but got {2}.", expected, Hint(hint), message);

    private Action<T, IActorRef> Satisfying<T>(Predicate<T> isMessage, string hint) => (message, _) =>
        _assertions.AssertTrue(isMessage(message), "Got {0} of the expected type {1}, but not the expected one{2}.", message, typeof(T), Hint(hint));

    private Action<T, IActorRef> Satisfying<T>(Func<T, IActorRef, bool> isMessage, string hint) => (message, sender) =>
        _assertions.AssertTrue(isMessage(message, sender), "Got {0} of the expected type {1} from {2}, but not the expected one{3}.", message, typeof(T), sender, Hint(hint));

    private static Action<T, IActorRef> Passing<T>(Action<T> assert) => (message, _) => assert(message);

    private Action<T, IActorRef> From<T>(IActorRef expected, Action<T, IActorRef> check, string hint) => (message, sender) =>
    {
        _assertions.AssertTrue(Equals(expected, sender) || Equals(sender, expected), "Got {0} from {1}, but expected it from {2}{3}.", message, sender, expected, Hint(hint));
        check?.Invoke(message, sender);
    };

    private Action<Terminated, IActorRef> EndOf(IActorRef target, string hint) => (terminated, _) =>
        _assertions.AssertTrue(Equals(target, terminated.ActorRef) || Equals(terminated.ActorRef, target), "Expected the end of {0}{1}, but got that of {2}.", target, Hint(hint), terminated.ActorRef);

    private Action<T, IActorRef> OneOf<T>(IEnumerable<T> messages)
    {
        var any = messages.ToList();
        return (message, _) => _assertions.AssertTrue(any.Contains(message), "Got {0}, but expected one of [{1}].", message, string.Join(", ", any));
    }

    // With async: false everything up to the result happens on the calling thread, so this never blocks.
    private static T Sync<T>(ValueTask<T> completed) => completed.GetAwaiter().GetResult();
}
