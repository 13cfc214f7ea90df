namespace Akka.Util;

/// <summary>Whole lines to the console, also when many threads write.</summary>
public static class StandardOutWriter
{
    private static readonly Lock Gate = new();

    public static void Write(string message, ConsoleColor? foregroundColor = null, ConsoleColor? backgroundColor = null) =>
        Print(message, foregroundColor, backgroundColor);

    public static void WriteLine(string message, ConsoleColor? foregroundColor = null, ConsoleColor? backgroundColor = null) =>
        Print(message + Environment.NewLine, foregroundColor, backgroundColor);

    private static void Print(string message, ConsoleColor? foreground, ConsoleColor? background)
    {
        lock (Gate)
        {
            if ((foreground is null && background is null) || Console.IsOutputRedirected)
            {
                Console.Write(message);
                return;
            }

            if (foreground is { } text)
                Console.ForegroundColor = text;
            if (background is { } ground)
                Console.BackgroundColor = ground;
            try
            {
                Console.Write(message);
            }
            finally
            {
                Console.ResetColor();
            }
        }
    }
}
