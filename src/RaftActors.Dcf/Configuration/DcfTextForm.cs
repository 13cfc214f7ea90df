using System.Collections.Immutable;
using System.Globalization;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>The older form of the cluster configuration: <c>stream$node$ip$port$role</c>, joined by commas.</summary>
internal static class DcfTextForm
{
    public static ImmutableArray<DcfStreamNode> Read(string text)
    {
        ImmutableArray<DcfStreamNode>.Builder nodes = ImmutableArray.CreateBuilder<DcfStreamNode>();
        foreach (string element in text.Split(',', StringSplitOptions.TrimEntries))
        {
            string where = $"Element {nodes.Count} of the cluster string (\"{element}\")";
            string[] parts = element.Split('$', StringSplitOptions.TrimEntries);
            if (parts.Length != 5)
            {
                throw new DcfConfigurationException($"{where} has {parts.Length} parts; it must be stream$node$ip$port$role.");
            }

            nodes.Add(new DcfStreamNode(
                new StreamId(Number(parts[0], 0, uint.MaxValue, "stream", where)),
                new NodeId(Number(parts[1], 1, uint.MaxValue, "node", where)),
                DcfJson.CheckIp(parts[2], where),
                (int)Number(parts[3], 1, 65535, "port", where),
                DcfJson.ParseRole(parts[4], where)));
        }

        return nodes.ToImmutable();
    }

    private static uint Number(string text, long min, long max, string key, string where) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? DcfJson.CheckNumber(number, min, max, key, where)
            : throw new DcfConfigurationException($"{where}: {key} is \"{text}\". Allowed: whole numbers from {min} to {max}.");
}
