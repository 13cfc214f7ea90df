using System.Globalization;
using System.Text;

namespace Akka.Event;

public interface ILogMessageFormatter
{
    string Format(string format, params object[] args);

    string Format(string format, IEnumerable<object> args);
}

/// <summary>Fills {0} by number, and named holes such as {Term} in the order of the arguments.</summary>
public class DefaultLogMessageFormatter : ILogMessageFormatter
{
    public static readonly DefaultLogMessageFormatter Instance = new();

    private DefaultLogMessageFormatter()
    {
    }

    public string Format(string format, IEnumerable<object> args) => Format(format, args.ToArray());

    public string Format(string format, params object[] args)
    {
        if (args is null || args.Length == 0)
            return format;
        return HasNamedHoles(format) ? FillNamed(format, args) : string.Format(CultureInfo.InvariantCulture, format, args);
    }

    private static bool HasNamedHoles(string format)
    {
        for (var i = format.IndexOf('{'); i >= 0 && i + 1 < format.Length; i = format.IndexOf('{', i + 1))
        {
            if (format[i + 1] == '{')
                i++;
            else
                return !char.IsAsciiDigit(format[i + 1]);
        }

        return false;
    }

    private static string FillNamed(string format, object[] args)
    {
        var text = new StringBuilder(format.Length + 32);
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            var c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                text.Append(c);
                i++;
                continue;
            }

            var end = c == '{' ? format.IndexOf('}', i) : -1;
            if (end < 0 || next >= args.Length)
            {
                text.Append(c);
                continue;
            }

            var details = format.AsSpan(i + 1, end - i - 1).IndexOfAny(',', ':');
            if (details < 0)
                text.Append(CultureInfo.InvariantCulture, $"{args[next]}");
            else
                text.AppendFormat(CultureInfo.InvariantCulture, string.Concat("{0", format.AsSpan(i + 1 + details, end - i - details)), args[next]);
            next++;
            i = end;
        }

        return text.ToString();
    }
}
