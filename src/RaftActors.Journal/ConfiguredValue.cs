using Akka.Configuration;

namespace RaftActors.Journal;

/// <summary>Values of a plugin's section.</summary>
internal static class ConfiguredValue
{
    /// <summary>Reads one, and says which it is when it cannot be read: Akka says only what is wrong with it.</summary>
    /// <exception cref="ConfigurationException">It is no such value.</exception>
    public static T Read<T>(this Config config, string key, Func<string, T> read)
    {
        try
        {
            return read(key);
        }
        catch (Exception e)
        {
            throw new ConfigurationException($"{key} is [{config.GetString(key)}]: {e.GetBaseException().Message}", e);
        }
    }
}
