using System.Reflection;
using System.Text;
using Xunit;

namespace Akka.Subset.Tests.Surface;

/// <summary>
/// Code that compiles on the subset must compile on Akka.NET: so the subset declares nothing public or protected that
/// Akka.NET does not declare with the same signature.
/// </summary>
public sealed class SubsetSurfaceSpec
{
    private static readonly string Lists = Path.Combine(AppContext.BaseDirectory, "Surface");

    public static TheoryData<string> Assemblies => new(AssemblyNames);

    private static IEnumerable<string> AssemblyNames =>
        Directory.GetFiles(AppContext.BaseDirectory, "*.dll")
            .Select(static path => Path.GetFileNameWithoutExtension(path)!)
            .Where(static name => name is "Akka" or "Hocon" || name.StartsWith("Akka.", StringComparison.Ordinal))
            .Where(static name => name != typeof(SubsetSurfaceSpec).Assembly.GetName().Name)
            .Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Subset_declares_nothing_that_Akka_does_not(string assemblyName)
    {
        var assembly = Assembly.Load(assemblyName);
        var path = Path.Combine(Lists, assemblyName + ".txt");
        Assert.True(File.Exists(path), $"Surface/{assemblyName}.txt is missing; see Surface/README.md.");
        var list = SurfaceList.Read(File.ReadLines(path));
        var problems = SurfaceWriter.VisibleTypes(assembly)
            .OrderBy(static type => type.FullName, StringComparer.Ordinal)
            .SelectMany(type => Compare(type, list))
            .ToList();
        Assert.True(problems.Count == 0, Describe(assemblyName, problems));
    }

    /// <summary>Does nothing unless AKKA_SURFACE_LISTS names a folder with complete lists; see Surface/README.md.</summary>
    [Fact]
    public void Regenerate()
    {
        if (Environment.GetEnvironmentVariable("AKKA_SURFACE_LISTS") is not { Length: > 0 } complete)
            return;
        var source = Path.Combine(RepositoryRoot(), "tests", "Akka.Subset.Tests", "Surface");
        foreach (var assemblyName in AssemblyNames)
        {
            var from = Path.Combine(complete, assemblyName + ".txt");
            if (!File.Exists(from))
                continue;
            var list = SurfaceList.Read(File.ReadLines(from));
            var wanted = SurfaceWriter.VisibleTypes(Assembly.Load(assemblyName)).Select(SurfaceWriter.Name).Where(list.HasType).ToHashSet();
            var waiting = new Queue<string>(wanted);
            while (waiting.TryDequeue(out var name))
            {
                foreach (var parent in list.BasesOf(name).Select(parent => Definition(parent, list)).Where(parent => parent is not null && wanted.Add(parent)))
                    waiting.Enqueue(parent);
            }

            var lines = wanted.SelectMany(name => list.MembersOf(name).Prepend(list.TypeLine(name))).Order(StringComparer.Ordinal);
            File.WriteAllLines(Path.Combine(source, assemblyName + ".txt"), lines);
        }
    }

    private static IEnumerable<string> Compare(Type type, SurfaceList list)
    {
        var name = SurfaceWriter.Name(type);
        if (!list.HasType(name))
        {
            yield return $"type not in the list: {SurfaceWriter.TypeLine(type)}";
            yield break;
        }

        var line = SurfaceWriter.TypeLine(type);
        var mine = SurfaceList.Read([line]);
        if (mine.KindOf(name) != list.KindOf(name))
            yield return $"{name} is a {mine.KindOf(name)}, the list says {list.KindOf(name)}";
        foreach (var extra in mine.BasesOf(name).Except(list.BasesOf(name)).Where(extra => !type.IsEnum && extra != "System.ISpanFormattable"))
            yield return $"{name} derives from {extra}, which the list does not say";
        foreach (var (member, declaration) in SurfaceWriter.Members(type))
        {
            if (list.Has(declaration) || OverridesSomething(member) || InheritedInList(type, name, declaration, list))
                continue;
            yield return $"not in the list: {declaration}"
                + string.Concat(list.Similar(name, member is ConstructorInfo ? ".ctor" : member.Name).Select(static known => $"\n      listed is:   {known}"));
        }
    }

    // What is overridden is declared, and compared, further up.
    private static bool OverridesSomething(MemberInfo member) => member switch
    {
        MethodInfo method => method.GetBaseDefinition().DeclaringType != method.DeclaringType,
        PropertyInfo property => (property.GetMethod ?? property.SetMethod)!.GetBaseDefinition().DeclaringType != property.DeclaringType,
        _ => false,
    };

    // The subset has fewer layers: a member may stand lower than in Akka.NET, as long as its callers see the same.
    private static bool InheritedInList(Type type, string name, string declaration, SurfaceList list)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { name };
        var waiting = new Queue<string>(list.BasesOf(name));
        while (waiting.TryDequeue(out var parent))
        {
            var known = Definition(parent, list);
            if (known is null || !seen.Add(known))
                continue;
            if (list.Has(declaration.Replace($" {name}.", $" {known}.", StringComparison.Ordinal)) && !type.IsInterface)
                return true;
            foreach (var further in list.BasesOf(known))
                waiting.Enqueue(further);
        }

        return false;
    }

    /// <summary>The list's name for a base that may be constructed: Bus&lt;System.Object&gt; for Bus&lt;TEvent&gt;.</summary>
    private static string Definition(string parent, SurfaceList list)
    {
        if (list.HasType(parent))
            return parent;
        var open = parent.IndexOf('<');
        return open < 0 ? null : list.TypeStartingWith(parent[..(open + 1)], parent.Count(static c => c == ','));
    }

    private static string Describe(string assemblyName, List<string> problems)
    {
        var text = new StringBuilder()
            .Append(assemblyName).Append(" of the subset has ").Append(problems.Count)
            .Append(" public or protected declarations that Akka.NET does not have like this.\n")
            .Append("Make them internal or private, or correct the signature. If Akka.NET has them, add its lines: see Surface/README.md.\n");
        foreach (var problem in problems)
            text.Append("  - ").Append(problem).Append('\n');
        return text.ToString();
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
