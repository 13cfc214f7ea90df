namespace Akka.Event;

/// <summary>A template with its arguments. Turned into text only if somebody prints it.</summary>
public abstract class LogMessage
{
    protected readonly ILogMessageFormatter Formatter;

    public LogMessage(ILogMessageFormatter formatter, string format)
    {
        Formatter = formatter;
        Format = format;
    }

    public string Format { get; }

    public abstract IEnumerable<object> Parameters();

    /// <summary>Template and arguments, for when formatting itself fails.</summary>
    public abstract string Unformatted();
}

internal sealed class ArrayLogMessage(ILogMessageFormatter formatter, string format, object[] args) : LogMessage(formatter, format)
{
    public override IEnumerable<object> Parameters() => args;

    public override string Unformatted() => $"[{Format}] with [{string.Join(", ", args)}]";

    public override string ToString()
    {
        try
        {
            return Formatter.Format(Format, args);
        }
        catch (FormatException problem)
        {
            // A log line with a wrong template is still worth more than an exception in a logger.
            return $"{Unformatted()} ({problem.Message})";
        }
    }
}
