using Akka.Actor;
using Akka.Event;

namespace Akka.Persistence.Journal;

public enum ReplayFilterMode
{
    /// <summary>The replay fails.</summary>
    Fail = 0,

    /// <summary>A warning is logged; everything is replayed.</summary>
    Warn = 1,

    /// <summary>Events of the writer that was overtaken are left out.</summary>
    RepairByDiscardOld = 2,

    /// <summary>No filter.</summary>
    Disabled = 3,
}

/// <summary>
/// Stands between journal and persistent actor during one replay and looks for the trace of two actors that wrote
/// with the same persistence id at the same time: events of an old writer after, or overlapping, those of a new one.
/// A window of events is held back, since the overlap shows only when the new writer's first event comes.
/// </summary>
public class ReplayFilter : ActorBase
{
    private readonly Queue<ReplayedMessage> _window = new();
    private readonly LinkedList<string> _oldWriters = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private string _writer = string.Empty;
    private long _sequenceNr;
    private bool _failed;

    public ReplayFilter(IActorRef persistentActor, ReplayFilterMode mode, int windowSize, int maxOldWriters, bool debugEnabled)
    {
        PersistentActor = persistentActor;
        Mode = mode;
        WindowSize = windowSize;
        MaxOldWriters = maxOldWriters;
        DebugEnabled = debugEnabled;
    }

    public IActorRef PersistentActor { get; }

    public ReplayFilterMode Mode { get; }

    public int WindowSize { get; }

    public int MaxOldWriters { get; }

    public bool DebugEnabled { get; }

    public static Props Props(IActorRef persistentActor, ReplayFilterMode mode, int windowSize, int maxOldWriters, bool debugEnabled) =>
        Akka.Actor.Props.Create(() => new ReplayFilter(persistentActor, mode, windowSize, maxOldWriters, debugEnabled));

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case ReplayedMessage when _failed:
                return true;

            case ReplayedMessage replayed:
                Accept(replayed);
                return true;

            case RecoverySuccess or ReplayMessagesFailure:
                if (!_failed)
                {
                    SendWindow();
                    PersistentActor.Tell(message, ActorRefs.NoSender);
                }

                Context.Stop(Self);
                return true;

            default:
                return false;
        }
    }

    private void Accept(ReplayedMessage replayed)
    {
        if (DebugEnabled && _log.IsDebugEnabled)
            _log.Debug("Replay: {0}", replayed);

        var persistent = replayed.Persistent;
        if (_window.Count == WindowSize && _window.TryDequeue(out var oldest))
            PersistentActor.Tell(oldest, ActorRefs.NoSender);

        if (persistent.WriterGuid == _writer)
        {
            if (persistent.SequenceNr < _sequenceNr
                && !Tolerate(replayed, $"its number is lower than that of an earlier event, [{_sequenceNr}]"))
            {
                return;
            }

            _sequenceNr = Math.Max(_sequenceNr, persistent.SequenceNr);
        }
        else if (_oldWriters.Contains(persistent.WriterGuid))
        {
            if (!Tolerate(replayed, "its writer had been followed by another one"))
                return;
        }
        else
        {
            TakeOver(persistent);
            if (_failed)
                return;
        }

        _window.Enqueue(replayed);
    }

    private void TakeOver(IPersistentRepresentation first)
    {
        if (_writer.Length > 0)
            _oldWriters.AddLast(_writer);
        if (_oldWriters.Count > MaxOldWriters)
            _oldWriters.RemoveFirst();
        _writer = first.WriterGuid;
        _sequenceNr = first.SequenceNr;

        // What the old writer wrote at or above the number at which the new one began was not part of the state
        // that the new one built on.
        for (var left = _window.Count; left > 0 && !_failed; left--)
        {
            var held = _window.Dequeue();
            if (held.Persistent.SequenceNr < _sequenceNr || Tolerate(held, $"another writer began at [{_sequenceNr}]"))
                _window.Enqueue(held);
        }
    }

    // Whether to keep an event that does not fit.
    private bool Tolerate(ReplayedMessage replayed, string why)
    {
        var persistent = replayed.Persistent;
        var description =
            $"Invalid replay of persistence id [{persistent.PersistenceId}]: the event with sequence number [{persistent.SequenceNr}] of writer [{persistent.WriterGuid}] does not fit, {why}. "
            + "Did two actors write with the same persistence id?";
        switch (Mode)
        {
            case ReplayFilterMode.RepairByDiscardOld:
                _log.Warning("{0} It is discarded.", description);
                return false;

            case ReplayFilterMode.Fail:
                _log.Error(description);
                _failed = true;
                _window.Clear();
                PersistentActor.Tell(new ReplayMessagesFailure(new InvalidOperationException(description)), ActorRefs.NoSender);
                return false;

            default:
                _log.Warning(description);
                return true;
        }
    }

    private void SendWindow()
    {
        foreach (var replayed in _window)
            PersistentActor.Tell(replayed, ActorRefs.NoSender);
        _window.Clear();
    }
}
