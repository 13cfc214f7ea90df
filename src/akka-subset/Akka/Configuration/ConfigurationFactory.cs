using System.Collections;
using System.Globalization;
using System.Reflection;
using Akka.Configuration.Hocon;

namespace Akka.Configuration;

public class ConfigurationFactory
{
    // Every actor system asks for it, and nothing changes it.
    private static readonly Lazy<Config> Reference = new(static () =>
        FromResource("Akka.Configuration.akka.conf", typeof(ConfigurationFactory).Assembly));

    public static Config Empty => Config.Empty;

    public static Config ParseString(string hocon) => ParseString(hocon, null);

    /// <param name="hocon">The text of the document.</param>
    /// <param name="includeCallback">Gives the document of a name that the text includes.</param>
    /// <exception cref="FormatException">The text is not HOCON; the message names line and column.</exception>
    public static Config ParseString(string hocon, Func<string, HoconRoot> includeCallback) =>
        new(Parser.Parse(hocon, includeCallback));

    /// <summary>The application's own configuration file. Applications of this framework have none.</summary>
    public static Config Load() => Empty;

    /// <summary>The reference configuration: every key of the library with its default.</summary>
    public static Config Default() => Reference.Value;

    public static Config FromResource(string resourceName, object instanceInAssembly) => instanceInAssembly switch
    {
        Type type => FromResource(resourceName, type.Assembly),
        Assembly assembly => FromResource(resourceName, assembly),
        null => throw new ArgumentNullException(nameof(instanceInAssembly)),
        _ => FromResource(resourceName, instanceInAssembly.GetType().Assembly),
    };

    public static Config FromResource<TAssembly>(string resourceName) => FromResource(resourceName, typeof(TAssembly).Assembly);

    public static Config FromResource(string resourceName, Assembly assembly)
    {
        using var stream = assembly.GetManifestResourceStream(resourceName)
            ?? throw new ArgumentException($"{assembly.GetName().Name} has no resource [{resourceName}].", nameof(resourceName));
        using var reader = new StreamReader(stream);
        try
        {
            return ParseString(reader.ReadToEnd());
        }
        catch (FormatException problem)
        {
            throw new FormatException($"The resource [{resourceName}] of {assembly.GetName().Name} is not HOCON. {problem.Message}", problem);
        }
    }

    /// <summary>The public properties of an object, or the items of a dictionary, as a document.</summary>
    public static Config FromObject(object source) => new(new HoconRoot(ToValue(source)));

    private static HoconValue ToValue(object source)
    {
        switch (source)
        {
            case null:
                return HoconValue.Of(new HoconLiteral());
            case string or bool or Enum or IFormattable:
                return HoconValue.Of(new HoconLiteral
                {
                    Value = source is bool flag ? (flag ? "true" : "false") : Convert.ToString(source, CultureInfo.InvariantCulture),
                });
            case IDictionary items:
                var fromItems = new HoconObject();
                foreach (DictionaryEntry item in items)
                    fromItems.Items[Convert.ToString(item.Key, CultureInfo.InvariantCulture)] = ToValue(item.Value);
                return HoconValue.Of(fromItems);
            case IEnumerable values:
                var array = new HoconArray();
                foreach (var value in values)
                    array.Add(ToValue(value));
                return HoconValue.Of(array);
            default:
                var fields = new HoconObject();
                foreach (var property in source.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                {
                    if (property.CanRead && property.GetIndexParameters().Length == 0)
                        fields.Items[property.Name] = ToValue(property.GetValue(source));
                }

                return HoconValue.Of(fields);
        }
    }
}
