using System.Collections.Immutable;
using System.Globalization;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace RaftActors.Configuration;

/// <summary>Reads <c>members</c> of an element of <c>raft-actors.streams</c>: what the nodes are in this stream at its first start, where that is not a voter like the others.</summary>
internal static class MemberSettings
{
    private static readonly string[] KnownKeys = ["kind", "priority", "group"];

    /// <summary>The members as the section says.</summary>
    /// <param name="stream">The element.</param>
    /// <param name="path">Where it stands, for messages.</param>
    /// <param name="members">The members without it.</param>
    /// <exception cref="RaftConfigurationException">A node or a key is not known, or a value is impossible.</exception>
    public static ImmutableArray<Member> Read(Config stream, string path, ImmutableArray<Member> members)
    {
        if (!stream.HasPath("members"))
        {
            return members;
        }

        path += ".members";
        if (!stream.GetValue("members").IsObject())
        {
            throw new RaftConfigurationException(path, stream.GetValue("members").ToString(), "must be a section { 4 = { kind = log-only, priority = 2, group = 1 }, ... }");
        }

        foreach ((string key, HoconValue value) in SettingsKeys.Keys(stream.GetConfig("members")))
        {
            string own = $"{path}.{key}";
            if (!uint.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) || members.All(m => m.Id.Value != id))
            {
                throw new RaftConfigurationException(own, value.ToString(), $"must be the id of a node in raft-actors.nodes ({string.Join(", ", members.Select(m => m.Id))})");
            }

            if (!value.IsObject())
            {
                throw new RaftConfigurationException(own, value.ToString(), "must be a section { kind = voter, priority = 0, group = 0 }");
            }

            members = [.. members.Select(m => m.Id.Value == id ? Change(m, stream.GetConfig("members").GetConfig(key), own, stream) : m)];
        }

        // Who joins is told by the leader what everybody is.
        bool joins = stream.HasPath("join") && new SettingsReader(stream, path).Switch("join");
        return joins || members.Any(m => m.Kind == MemberKind.Voter)
            ? members
            : throw new RaftConfigurationException(path, string.Join(", ", members.Select(m => m.Id)), "must leave at least one node of kind voter, or nobody can lead");
    }

    private static Member Change(Member member, Config section, string path, Config stream)
    {
        foreach ((string key, HoconValue value) in SettingsKeys.Keys(section))
        {
            string? text = value.IsString() ? value.GetString() : value.ToString();
            member = key switch
            {
                "kind" => member with { Kind = KindOf(text, $"{path}.kind") },
                "priority" => member with { Priority = Number(text, $"{path}.priority") },
                "group" when stream.HasPath($"quorum.groups.{member.Id}") =>
                    throw new RaftConfigurationException($"{path}.group", text, "must stand in one place only: quorum.groups of the same stream names this node too"),
                "group" => member with { Group = Number(text, $"{path}.group") },
                _ => throw new RaftConfigurationException($"{path}.{key}", text, $"there is no such setting; allowed are {string.Join(", ", KnownKeys)}"),
            };
        }

        return member;
    }

    private static MemberKind KindOf(string? text, string path) => text switch
    {
        "voter" => MemberKind.Voter,
        "learner" => MemberKind.Learner,
        "log-only" => MemberKind.LogOnly,
        _ => throw new RaftConfigurationException(path, text, "must be voter, learner or log-only"),
    };

    private static int Number(string? text, string path) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new RaftConfigurationException(path, text, "must be a whole number from 0 to 2147483647");
}
