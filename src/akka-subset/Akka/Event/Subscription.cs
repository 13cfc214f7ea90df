namespace Akka.Event;

/// <summary>A subscriber with the kinds of event it no longer wants although it wants their base.</summary>
public class Subscription<TSubscriber, TClassifier>
{
    public Subscription(TSubscriber subscriber)
    {
        Subscriber = subscriber;
        Unsubscriptions = new HashSet<TClassifier>();
    }

    public Subscription(TSubscriber subscriber, IEnumerable<TClassifier> unsubscriptions)
    {
        Subscriber = subscriber;
        Unsubscriptions = new HashSet<TClassifier>(unsubscriptions);
    }

    public TSubscriber Subscriber { get; }

    public ISet<TClassifier> Unsubscriptions { get; }
}
