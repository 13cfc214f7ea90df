namespace Akka.Persistence.TestKit;

/// <summary>A test told the journal to fail.</summary>
public class TestJournalFailureException : Exception
{
    public TestJournalFailureException()
        : this("The test told the journal to fail.")
    {
    }

    public TestJournalFailureException(string message)
        : base(message)
    {
    }

    public TestJournalFailureException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
