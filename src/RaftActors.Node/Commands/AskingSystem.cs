using Akka.Actor;
using Akka.Configuration;

namespace RaftActors.Node.Commands;

/// <summary>The short-lived ActorSystem from which the commands ask nodes.</summary>
internal static class AskingSystem
{
    /// <summary>Makes it. TLS and frame sizes of the file apply to the asking side too; its address and extensions do not.</summary>
    public static Task<ActorSystem> CreateAsync(string name, Config file, CancellationToken cancellationToken)
    {
        Config own = ConfigurationFactory.ParseString("""
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp.hostname = "127.0.0.1"
            akka.remote.dot-netty.tcp.port = 0
            akka.extensions = []
            akka.loglevel = OFF
            akka.stdout-loglevel = OFF
            """).WithFallback(file);
        return Task.Run(() => ActorSystem.Create(name, own), cancellationToken);
    }
}
