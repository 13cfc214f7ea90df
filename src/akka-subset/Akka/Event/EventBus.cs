using System.Collections.Concurrent;

namespace Akka.Event;

/// <summary>
/// Hands each event once to every subscriber of its classifier. Publishing takes no lock: it reads a list made for the
/// event's classifier, and a change of subscriptions throws all those lists away.
/// </summary>
public abstract class EventBus<TEvent, TClassifier, TSubscriber>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TClassifier, List<Subscription<TSubscriber, TClassifier>>> _subscriptions = [];
    private ConcurrentDictionary<TClassifier, TSubscriber[]> _receivers = new();

    public virtual bool Subscribe(TSubscriber subscriber, TClassifier classifier)
    {
        lock (_lock)
        {
            var changed = false;
            foreach (var (known, subscriptions) in _subscriptions)
            {
                if (!IsSubClassification(known, classifier))
                    continue;
                foreach (var subscription in subscriptions.Where(subscription => subscription.Subscriber.Equals(subscriber)))
                {
                    foreach (var unwanted in subscription.Unsubscriptions.Where(unwanted => IsSubClassification(classifier, unwanted)).ToList())
                        changed |= subscription.Unsubscriptions.Remove(unwanted);
                }
            }

            if (!_subscriptions.TryGetValue(classifier, out var same))
                _subscriptions[classifier] = same = [];
            if (!same.Exists(subscription => subscription.Subscriber.Equals(subscriber)))
            {
                same.Add(new Subscription<TSubscriber, TClassifier>(subscriber));
                changed = true;
            }

            if (changed)
                Forget();
            return changed;
        }
    }

    public virtual bool Unsubscribe(TSubscriber subscriber)
    {
        lock (_lock)
        {
            var changed = false;
            foreach (var subscriptions in _subscriptions.Values)
                changed |= subscriptions.RemoveAll(subscription => subscription.Subscriber.Equals(subscriber)) > 0;
            RemoveEmpty();
            if (changed)
                Forget();
            return changed;
        }
    }

    public virtual bool Unsubscribe(TSubscriber subscriber, TClassifier classifier)
    {
        lock (_lock)
        {
            var changed = false;
            foreach (var (known, subscriptions) in _subscriptions)
            {
                // Also what lies below the classifier goes; of what lies above it, only this part goes.
                if (IsSubClassification(classifier, known))
                    changed |= subscriptions.RemoveAll(subscription => subscription.Subscriber.Equals(subscriber)) > 0;
                else if (IsSubClassification(known, classifier))
                {
                    foreach (var subscription in subscriptions.Where(subscription => subscription.Subscriber.Equals(subscriber)))
                        changed |= subscription.Unsubscriptions.Add(classifier);
                }
            }

            RemoveEmpty();
            if (changed)
                Forget();
            return changed;
        }
    }

    public virtual void Publish(TEvent @event)
    {
        var classifier = GetClassifier(@event);
        var receivers = Volatile.Read(ref _receivers);
        if (!receivers.TryGetValue(classifier, out var found))
            found = FindReceivers(classifier);
        foreach (var receiver in found)
            Publish(@event, receiver);
    }

    protected string SimpleName(object source) => SimpleName(source.GetType());

    protected string SimpleName(Type source) => Logging.SimpleName(source);

    protected abstract bool IsSubClassification(TClassifier parent, TClassifier child);

    protected abstract void Publish(TEvent @event, TSubscriber subscriber);

    protected abstract bool Classify(TEvent @event, TClassifier classifier);

    protected abstract TClassifier GetClassifier(TEvent @event);

    /// <summary>True if an event of this classifier would reach anyone.</summary>
    internal bool HasReceivers(TClassifier classifier)
    {
        var receivers = Volatile.Read(ref _receivers);
        return (receivers.TryGetValue(classifier, out var found) ? found : FindReceivers(classifier)).Length > 0;
    }

    private TSubscriber[] FindReceivers(TClassifier classifier)
    {
        lock (_lock)
        {
            var found = new List<TSubscriber>();
            foreach (var (known, subscriptions) in _subscriptions)
            {
                if (!IsSubClassification(known, classifier))
                    continue;
                foreach (var subscription in subscriptions)
                {
                    if (!subscription.Unsubscriptions.Any(unwanted => IsSubClassification(unwanted, classifier))
                        && !found.Contains(subscription.Subscriber))
                    {
                        found.Add(subscription.Subscriber);
                    }
                }
            }

            return _receivers.GetOrAdd(classifier, found.ToArray());
        }
    }

    private void Forget() => Volatile.Write(ref _receivers, new ConcurrentDictionary<TClassifier, TSubscriber[]>());

    private void RemoveEmpty()
    {
        foreach (var classifier in _subscriptions.Where(static entry => entry.Value.Count == 0).Select(static entry => entry.Key).ToList())
            _subscriptions.Remove(classifier);
    }
}
