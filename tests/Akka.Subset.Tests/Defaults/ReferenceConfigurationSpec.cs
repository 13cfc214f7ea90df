using System.Reflection;
using Akka.Configuration;
using Akka.Configuration.Hocon;
using Xunit;

namespace Akka.Subset.Tests.Defaults;

/// <summary>Every key of the subset's reference configurations is one of Akka.NET's, with the same default.</summary>
public sealed class ReferenceConfigurationSpec
{
    public static TheoryData<string, string> Resources
    {
        get
        {
            var found = new TheoryData<string, string>();
            foreach (var path in Directory.GetFiles(AppContext.BaseDirectory, "Akka*.dll").Order(StringComparer.Ordinal))
            {
                var name = Path.GetFileNameWithoutExtension(path)!;
                if (name == typeof(ReferenceConfigurationSpec).Assembly.GetName().Name)
                    continue;
                foreach (var resource in Assembly.Load(name).GetManifestResourceNames().Where(static resource => resource.EndsWith(".conf", StringComparison.Ordinal)))
                    found.Add(name, resource);
            }

            return found;
        }
    }

    [Theory]
    [MemberData(nameof(Resources))]
    public void Defaults_are_those_of_Akka(string assemblyName, string resource)
    {
        var known = Facts(assemblyName, resource);
        Assert.NotEmpty(known);
        var problems = new List<string>();
        foreach (var (key, value) in Flatten("", ConfigurationFactory.FromResource(resource, Assembly.Load(assemblyName)).Root))
        {
            if (!known.TryGetValue(key, out var expected))
                problems.Add($"{key} = {value} is not a key of Akka.NET");
            else if (Normal(value) != Normal(expected))
                problems.Add($"{key} = {value}, but its default is {expected}");
        }

        Assert.True(problems.Count == 0, $"{resource} of {assemblyName}:\n  " + string.Join("\n  ", problems));
    }

    private static Dictionary<string, string> Facts(string assemblyName, string resource)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal);
        var inside = false;
        var lists = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Defaults"), "hocon-defaults*.txt");
        foreach (var line in lists.SelectMany(File.ReadLines))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                inside = line == $"## {assemblyName}: {resource}";
            else if (inside && line.IndexOf(" =", StringComparison.Ordinal) is > 0 and var at)
                facts[line[..at]] = line[(at + 2)..].Trim();
        }

        return facts;
    }

    private static IEnumerable<(string Key, string Value)> Flatten(string path, HoconValue value)
    {
        if (value.GetObject() is not { } fields)
        {
            yield return (path, value.IsArray() ? $"[{string.Join(", ", value.GetStringList())}]" : value.GetString());
            yield break;
        }

        if (fields.Items.Count == 0)
            yield return (path, "{}");
        foreach (var (key, inner) in fields.Items)
        {
            var name = key.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? key : $"\"{key}\"";
            foreach (var item in Flatten(path.Length == 0 ? name : $"{path}.{name}", inner))
                yield return item;
        }
    }

    // The list shows nothing, null and an empty array the same way; spaces in a duration or a list do not matter.
    private static string Normal(string value) => value switch
    {
        null or "null" or "[]" => "",
        _ => value.Replace(" ", "", StringComparison.Ordinal),
    };
}
