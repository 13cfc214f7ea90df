namespace Akka.Persistence.TestKit;

/// <summary>A test told the journal to reject.</summary>
public class TestJournalRejectionException : Exception
{
    public TestJournalRejectionException()
        : this("The test told the journal to reject.")
    {
    }

    public TestJournalRejectionException(string message)
        : base(message)
    {
    }

    public TestJournalRejectionException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
