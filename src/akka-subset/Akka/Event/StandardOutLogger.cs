using Akka.Util;

namespace Akka.Event;

/// <summary>Prints log lines on the console.</summary>
public class StandardOutLogger : MinimalLogger
{
    public static ConsoleColor DebugColor { get; set; } = ConsoleColor.Gray;

    public static ConsoleColor InfoColor { get; set; } = ConsoleColor.White;

    public static ConsoleColor WarningColor { get; set; } = ConsoleColor.Yellow;

    public static ConsoleColor ErrorColor { get; set; } = ConsoleColor.Red;

    public static bool UseColors { get; set; } = true;

    protected override void Log(object message)
    {
        if (message is LogEvent logEvent)
            StandardOutWriter.WriteLine(logEvent.ToString(), UseColors ? ColorOf(logEvent.LogLevel()) : null);
        else
            StandardOutWriter.WriteLine(message.ToString());
    }

    private static ConsoleColor ColorOf(LogLevel level) => level switch
    {
        LogLevel.ErrorLevel => ErrorColor,
        LogLevel.WarningLevel => WarningColor,
        LogLevel.InfoLevel => InfoColor,
        _ => DebugColor,
    };
}
