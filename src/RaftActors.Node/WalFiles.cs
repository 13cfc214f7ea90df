using Akka.Configuration;
using RaftActors.Journal;
using RaftActors.Protocol;

namespace RaftActors.Node;

/// <summary>
/// Reads the configured write-ahead log before Akka.Persistence opens it, so that a damaged one is one clear line and an exit code of its own, and no stream starts beside it.
/// </summary>
internal static class WalFiles
{
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(100);

    /// <exception cref="WalFilesException">The log is damaged, in use or cannot be read; says where and why.</exception>
    public static async Task CheckAsync(Config config, NodeId node, CancellationToken cancellationToken)
    {
        string directory = config.GetString(RaftJournal.JournalPluginId + ".directory", "") ?? "";
        if (PluginSettings.Journal(config) != RaftJournal.JournalPluginId || !Directory.Exists(directory))
        {
            return;
        }

        // A node that is just ending may still hold the lock.
        DateTime patience = DateTime.UtcNow + config.GetTimeSpan(RaftJournal.JournalPluginId + ".lock-timeout", TimeSpan.FromSeconds(5));
        while (true)
        {
            try
            {
                // Blocking reads belong on a pool thread.
                JournalReport report = await Task.Run(() => JournalTool.Verify(directory), cancellationToken).ConfigureAwait(false);
                if (ForeignJournal.Why(node, report.Names) is { } foreign)
                {
                    throw new WalFilesException($"{Path.GetFullPath(directory)} ({RaftJournal.JournalPluginId}.directory) {foreign}.");
                }

                return;
            }
            catch (JournalInUseException) when (DateTime.UtcNow < patience)
            {
                await Task.Delay(LockRetry, cancellationToken).ConfigureAwait(false);
            }
            catch (JournalDamagedException e)
            {
                throw new WalFilesException($"{e.Message} 'raftactors journal verify {directory}' says more; docs/JOURNAL.md describes the ways out.", e);
            }
            catch (Exception e) when (e is JournalException or IOException or UnauthorizedAccessException)
            {
                throw new WalFilesException(e.Message, e);
            }
        }
    }
}
