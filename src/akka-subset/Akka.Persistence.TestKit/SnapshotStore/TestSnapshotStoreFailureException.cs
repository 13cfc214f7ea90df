namespace Akka.Persistence.TestKit;

/// <summary>A test told the snapshot store to fail.</summary>
public class TestSnapshotStoreFailureException : Exception
{
    public TestSnapshotStoreFailureException()
        : this("The test told the snapshot store to fail.")
    {
    }

    public TestSnapshotStoreFailureException(string message)
        : base(message)
    {
    }

    public TestSnapshotStoreFailureException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
