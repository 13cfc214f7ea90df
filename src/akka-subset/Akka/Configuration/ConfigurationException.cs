using Akka.Actor;

namespace Akka.Configuration;

/// <summary>The configuration asks for something that cannot be.</summary>
public class ConfigurationException : AkkaException
{
    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception exception)
        : base(message, exception)
    {
    }

    public static ConfigurationException NullOrEmptyConfig<T>(string path = null) => new(
        string.IsNullOrWhiteSpace(path)
            ? $"{typeof(T).FullName} cannot be created: it was given no configuration, or an empty one."
            : $"{typeof(T).FullName} cannot be created: the configuration has no section [{path}], or an empty one.");
}
