using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The settings of akka.actor.deployment by path under /user; "*" stands for any one name.</summary>
public class Deployer
{
    protected readonly Config Default;

    private ImmutableList<(string[] Path, Deploy Deploy)> _deployments = [];

    public Deployer(Settings settings)
    {
        var config = settings.Config.GetConfig("akka.actor.deployment");
        Default = config.IsNullOrEmpty() ? Config.Empty : config.GetConfig("default") ?? Config.Empty;
        if (config.IsNullOrEmpty())
            return;
        foreach (var pair in config.AsEnumerable().Where(pair => pair.Key != "default").ToArray())
        {
            var deploy = ParseConfig(pair.Key, config.GetConfig($"\"{pair.Key.Trim('"')}\"") ?? Config.Empty);
            if (deploy is not null)
                SetDeploy(deploy);
        }
    }

    public Deploy Lookup(ActorPath path)
    {
        // Only actors below /user can be configured this way.
        if (_deployments.IsEmpty || path.Depth < 2 || path.Elements[0] != "user")
            return Deploy.None;
        return Lookup(path.Elements.Skip(1));
    }

    public Deploy Lookup(IEnumerable<string> path)
    {
        var deployments = _deployments;
        if (deployments.IsEmpty)
            return Deploy.None;
        var wanted = path.ToArray();
        var best = Deploy.None;
        var bestWildcards = int.MaxValue;
        foreach (var (pattern, deploy) in deployments)
        {
            var wildcards = Match(pattern, wanted);
            if (wildcards >= 0 && wildcards < bestWildcards)
            {
                best = deploy;
                bestWildcards = wildcards;
            }
        }

        return best;
    }

    // The number of wildcards used, or -1: the most specific entry wins.
    private static int Match(string[] pattern, string[] path)
    {
        var wildcards = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == "**")
                return path.Length > i ? wildcards + 1000 : -1;
            if (i >= path.Length)
                return -1;
            if (pattern[i] == path[i])
                continue;
            if (!pattern[i].Contains('*') || !WildcardMatch.Like(path[i], pattern[i], true))
                return -1;
            wildcards++;
        }

        return pattern.Length == path.Length ? wildcards : -1;
    }

    public void SetDeploy(Deploy deploy)
    {
        var path = deploy.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (var element in path)
        {
            if (!ActorPath.IsValidPathElement(element.Replace("*", "x")))
                throw new IllegalActorNameException($"Illegal actor name [{element}] in deployment [{deploy.Path}]");
        }

        ImmutableInterlocked.Update(ref _deployments, static (list, entry) => list.Add(entry), (path, deploy));
    }

    public virtual Deploy ParseConfig(string key, Config config)
    {
        var deployment = config.WithFallback(Default);
        return new Deploy(
            key.Trim('"'),
            deployment,
            Deploy.NoScopeGiven,
            deployment.GetString("dispatcher", ""),
            deployment.GetString("mailbox", ""),
            deployment.GetInt("stash-capacity", Deploy.NoStashSize));
    }
}
