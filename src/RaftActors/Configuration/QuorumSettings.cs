using System.Collections.Immutable;
using System.Globalization;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace RaftActors.Configuration;

/// <summary>Reads <c>quorum</c> of an element of <c>raft-actors.streams</c>: how many members decide at the first start, and who is in which group.</summary>
internal static class QuorumSettings
{
    private static readonly string[] KnownKeys = ["commit", "election", "required-groups", "groups"];

    /// <summary>The rule and the members with their groups.</summary>
    /// <param name="stream">The element.</param>
    /// <param name="path">Where it stands, for messages.</param>
    /// <param name="members">The members without groups.</param>
    /// <exception cref="RaftConfigurationException">A key is unknown, or the members cannot decide by the rule.</exception>
    public static (QuorumRule Rule, ImmutableArray<Member> Members) Read(Config stream, string path, ImmutableArray<Member> members)
    {
        if (!stream.HasPath("quorum"))
        {
            return (QuorumRule.Majority, members);
        }

        path += ".quorum";
        Config section = stream.GetConfig("quorum");
        foreach (string key in SettingsKeys.Keys(section).Keys.Where(k => !KnownKeys.Contains(k)))
        {
            throw new RaftConfigurationException($"{path}.{key}", null, $"there is no such setting; allowed are {string.Join(", ", KnownKeys)}");
        }

        ImmutableArray<Member> grouped = members;
        foreach ((string key, HoconValue value) in SettingsKeys.Keys(section.HasPath("groups") ? section.GetConfig("groups") : null))
        {
            string text = value.GetString();
            if (!uint.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) || members.All(m => m.Id.Value != id))
            {
                throw new RaftConfigurationException($"{path}.groups.{key}", text, "must be the id of a node in raft-actors.nodes");
            }

            int group = Number(text, $"{path}.groups.{key}");
            grouped = [.. grouped.Select(m => m.Id.Value == id ? m with { Group = group } : m)];
        }

        QuorumRule rule = new()
        {
            Commit = section.HasPath("commit") ? Number(section.GetString("commit"), $"{path}.commit") : 0,
            Election = section.HasPath("election") ? Number(section.GetString("election"), $"{path}.election") : 0,
            RequiredGroups = section.HasPath("required-groups") ? [.. section.GetStringList("required-groups").Select(g => Number(g, $"{path}.required-groups"))] : [],
        };
        return rule.WhyImpossible(grouped) is { } reason ? throw new RaftConfigurationException(path, rule.ToString(), reason) : (rule, grouped);
    }

    private static int Number(string? text, string path) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new RaftConfigurationException(path, text, "must be a number, 0 or above");
}
