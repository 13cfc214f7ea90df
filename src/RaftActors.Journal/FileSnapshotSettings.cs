using Akka.Configuration;

namespace RaftActors.Journal;

/// <summary>The settings of the snapshot store in files; reference.conf says what each trades.</summary>
/// <param name="Directory">Where the snapshots live.</param>
/// <param name="Fsync">Files and folders are synced.</param>
/// <param name="MaxLoadAttempts">How many of the newest files are tried.</param>
/// <param name="Serializer">For what no serializer is bound to; null for the actor system's.</param>
internal sealed record FileSnapshotSettings(string Directory, bool Fsync, int MaxLoadAttempts, string? Serializer)
{
    /// <exception cref="ConfigurationException">A value makes no sense; says which and why.</exception>
    public static FileSnapshotSettings From(Config config)
    {
        FileSnapshotSettings settings = new(
            config.GetString("directory") ?? "",
            config.Read("fsync", key => config.GetBoolean(key)),
            config.Read("max-load-attempts", key => config.GetInt(key)),
            config.GetString("serializer"));
        return settings switch
        {
            { Directory: "" } => throw new ConfigurationException("directory is empty."),
            { MaxLoadAttempts: < 1 } => throw new ConfigurationException("max-load-attempts is less than 1."),
            _ => settings,
        };
    }
}
