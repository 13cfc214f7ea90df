using System.Collections;
using System.Runtime.CompilerServices;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>Takes the next message; null if none comes in time.</summary>
    public object ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        NextAsync(false, true, max, cancellationToken).GetAwaiter().GetResult().Message;

    /// <summary>Takes the next message; null if none comes in time.</summary>
    public async ValueTask<object> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await NextAsync(true, true, max, cancellationToken)).Message;

    /// <summary>Takes the next message with its sender, if one comes in time.</summary>
    public bool TryReceiveOne(out MessageEnvelope envelope, TimeSpan? max = null, CancellationToken cancellationToken = default)
    {
        envelope = NextAsync(false, true, max, cancellationToken).GetAwaiter().GetResult();
        return envelope is not NullMessageEnvelope;
    }

    /// <summary>Takes the next message with its sender, if one comes in time.</summary>
    public async ValueTask<(bool success, MessageEnvelope envelope)> TryReceiveOneAsync(TimeSpan? max, CancellationToken cancellationToken = default)
    {
        var envelope = await NextAsync(true, true, max, cancellationToken);
        return (envelope is not NullMessageEnvelope, envelope);
    }

    /// <summary>Looks at the next message without taking it; null if none comes in time.</summary>
    public object PeekOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        NextAsync(false, false, max, cancellationToken).GetAwaiter().GetResult().Message;

    /// <summary>Looks at the next message without taking it; null if none comes in time.</summary>
    public async ValueTask<object> PeekOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await NextAsync(true, false, max, cancellationToken)).Message;

    /// <summary>Takes messages until one of them is the one looked for.</summary>
    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    /// <summary>Takes messages until one of them is the one looked for.</summary>
    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage(isMessage, null, max, hint, cancellationToken);

    /// <summary>Takes messages until one of them is the one looked for; the others go to <paramref name="allMessages"/>.</summary>
    public T FishForMessage<T>(Predicate<T> isMessage, ArrayList allMessages, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishAsync(false, isMessage, allMessages, max, hint, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Takes messages until one of them is the one looked for.</summary>
    public ValueTask<object> FishForMessageAsync(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync<object>(isMessage, max, hint, cancellationToken);

    /// <summary>Takes messages until one of them is the one looked for.</summary>
    public ValueTask<T> FishForMessageAsync<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessageAsync(isMessage, null, max, hint, cancellationToken);

    /// <summary>Takes messages until one of them is the one looked for; the others go to <paramref name="allMessages"/>.</summary>
    public ValueTask<T> FishForMessageAsync<T>(Predicate<T> isMessage, ArrayList allMessages, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishAsync(true, isMessage, allMessages, max, hint, cancellationToken);

    /// <summary>Takes messages until one of type <typeparamref name="T"/> has come.</summary>
    public async Task FishUntilMessageAsync<T>(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        await FishForMessageAsync<T>(_ => true, max, cancellationToken: cancellationToken);

    /// <summary>Takes as many messages as asked for; fewer within the default time is a failure.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        ReceiveManyAsync(false, numberOfMessages, RemainingOrDefault, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Takes as many messages as asked for; fewer in time is a failure.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        ReceiveManyAsync(false, numberOfMessages, Dilated(max), cancellationToken).GetAwaiter().GetResult();

    /// <summary>Takes as many messages as asked for; fewer within the default time is a failure.</summary>
    public IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, CancellationToken cancellationToken = default) =>
        StreamAsync(() => ReceiveManyAsync(true, numberOfMessages, RemainingOrDefault, cancellationToken));

    /// <summary>Takes as many messages as asked for; fewer in time is a failure.</summary>
    public IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        StreamAsync(() => ReceiveManyAsync(true, numberOfMessages, Dilated(max), cancellationToken));

    /// <summary>Takes messages as long as <paramref name="filter"/> returns something for them.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(TimeSpan? max, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, null, msgs, cancellationToken);

    /// <summary>Takes messages as long as <paramref name="filter"/> returns something for them.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(TimeSpan? max, TimeSpan? idle, Func<object, T> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhile(filter, max, idle, msgs, cancellationToken);

    /// <summary>Takes messages as long as <paramref name="filter"/> returns something for them; the first other one stays.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(Func<object, T> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => ReceiveWhileAsync(false, Accepting(filter), max, idle, msgs, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Takes messages of type <typeparamref name="T"/> as long as <paramref name="shouldContinue"/> says so.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, bool shouldIgnoreOtherMessageTypes = true, CancellationToken cancellationToken = default)
        where T : class =>
        ReceiveWhileAsync(false, Accepting(shouldContinue, shouldIgnoreOtherMessageTypes), max, idle, msgs, cancellationToken).GetAwaiter().GetResult();

    /// <summary>Takes messages as long as <paramref name="filter"/> returns something for them; the first other one stays.</summary>
    public IAsyncEnumerable<T> ReceiveWhileAsync<T>(Func<object, T> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
        where T : class => StreamAsync(() => ReceiveWhileAsync(true, Accepting(filter), max, idle, msgs, cancellationToken));

    /// <summary>Takes messages of type <typeparamref name="T"/> as long as <paramref name="shouldContinue"/> says so.</summary>
    public IAsyncEnumerable<T> ReceiveWhileAsync<T>(Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, bool shouldIgnoreOtherMessageTypes = true, CancellationToken cancellationToken = default)
        where T : class =>
        StreamAsync(() => ReceiveWhileAsync(true, Accepting(shouldContinue, shouldIgnoreOtherMessageTypes), max, idle, msgs, cancellationToken));

    private async ValueTask<MessageEnvelope> NextAsync(bool async, bool take, TimeSpan? max, CancellationToken cancellationToken)
    {
        var envelope = await _inbox.NextAsync(async, take, max ?? RemainingOrDefault, cancellationToken) ?? NullMessageEnvelope.Instance;
        if (take)
        {
            _lastMessage = envelope;
            _lastWasNoMessage = envelope is NullMessageEnvelope;
        }

        return envelope;
    }

    private async ValueTask<T> FishAsync<T>(bool async, Predicate<T> isMessage, ArrayList others, TimeSpan? max, string hint, CancellationToken cancellationToken)
    {
        var allowed = RemainingOrDilated(max);
        var stop = Now + allowed;
        others?.Clear();
        for (var seen = 0; ; seen++)
        {
            var envelope = await NextAsync(async, true, Positive(stop - Now), cancellationToken);
            switch (envelope.Message)
            {
                case null:
                    Fail($"No message of type {typeof(T)} that is looked for came within {allowed}{Hint(hint)}; {seen} others did.");
                    break;
                case T message when isMessage(message):
                    return message;
                default:
                    others?.Add(envelope.Message);
                    break;
            }
        }
    }

    private async ValueTask<IReadOnlyList<object>> ReceiveManyAsync(bool async, int count, TimeSpan max, CancellationToken cancellationToken)
    {
        var stop = Now + max;
        var messages = new List<object>();
        while (messages.Count < count)
        {
            var envelope = await NextAsync(async, true, Positive(stop - Now), cancellationToken);
            if (envelope is NullMessageEnvelope)
            {
                Fail($"Only {messages.Count} of {count} messages came within {max}: {string.Join(", ", messages)}");
            }

            messages.Add(envelope.Message);
        }

        return messages;
    }

    private async ValueTask<IReadOnlyList<T>> ReceiveWhileAsync<T>(bool async, Accept<T> accept, TimeSpan? max, TimeSpan? idle, int limit, CancellationToken cancellationToken)
        where T : class
    {
        var stop = Now + RemainingOrDilated(max);
        var result = new List<T>();
        var last = NullMessageEnvelope.Instance as MessageEnvelope;
        while (result.Count < limit)
        {
            var left = Positive(stop - Now);
            var next = await NextAsync(async, false, idle is { } pause && pause >= TimeSpan.Zero ? Min(pause, left) : left, cancellationToken);
            if (next is NullMessageEnvelope || !accept(next.Message, out var accepted))
            {
                break;
            }

            await NextAsync(async, true, TimeSpan.Zero, cancellationToken);
            last = next;
            if (accepted is not null)
            {
                result.Add(accepted);
            }
        }

        _lastMessage = last;

        // Waiting for the end of a series is waiting for silence; the time it took is no failure of a Within.
        _lastWasNoMessage = true;
        return result;
    }

    private static Accept<T> Accepting<T>(Func<object, T> filter)
        where T : class => (object message, out T accepted) => (accepted = filter(message)) is not null;

    private static Accept<T> Accepting<T>(Predicate<T> shouldContinue, bool ignoreOthers)
        where T : class => (object message, out T accepted) =>
        {
            accepted = message as T;
            return accepted is null ? ignoreOthers : shouldContinue(accepted);
        };

    private static async IAsyncEnumerable<T> StreamAsync<T>(Func<ValueTask<IReadOnlyList<T>>> receive, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var message in await receive())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return message;
        }
    }

    /// <summary>Whether a message belongs to the series, and what to keep of it.</summary>
    private delegate bool Accept<T>(object message, out T accepted);
}
