namespace Akka.Persistence.TestKit;

/// <summary>A test told a plugin that its storage cannot be reached.</summary>
public class TestConnectionException : Exception
{
    public TestConnectionException()
        : this("The test told the plugin that its storage cannot be reached.")
    {
    }

    public TestConnectionException(string message)
        : base(message)
    {
    }

    public TestConnectionException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
