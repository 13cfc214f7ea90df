namespace Akka.Persistence.Serialization;

/// <summary>Marks what <see cref="PersistenceMessageSerializer"/> serializes.</summary>
public interface IMessage
{
}

/// <summary>Wraps the state that a snapshot holds.</summary>
public sealed class Snapshot
{
    public Snapshot(object data) => Data = data;

    public object Data { get; private set; }
}
