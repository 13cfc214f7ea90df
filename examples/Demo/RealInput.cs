using System.Text;

namespace Demo;

/// <summary>One line of a file of this repository.</summary>
internal sealed record InputLine(string Place, byte[] Text);

/// <summary>The demo's input: every line of the repository's own text files, as <c>file:line</c> and its text.</summary>
internal static class RealInput
{
    private static readonly HashSet<string> SkippedFolders = new(StringComparer.Ordinal) { ".git", "bin", "obj", "artifacts", "data", "TestResults" };

    private static readonly HashSet<string> TextFiles = new(StringComparer.OrdinalIgnoreCase)
    {
        ".cs", ".md", ".sh", ".cake", ".csproj", ".props", ".targets", ".json", ".conf", ".txt", ".editorconfig", ".gitignore", "",
    };

    /// <summary>The folder that holds the solution, from here upwards.</summary>
    public static string FindRepository()
    {
        foreach (string start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
        {
            for (string? folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "RaftActors.sln")))
                {
                    return folder;
                }
            }
        }

        throw new DemoException("RaftActors.sln was not found here or above: run the demo inside the repository.");
    }

    public static List<InputLine> Read(string repository, int most)
    {
        List<InputLine> lines = [];
        Walk(new DirectoryInfo(repository), repository, lines, most);
        return lines.Count > 0 ? lines : throw new DemoException($"{repository} holds no text to load.");
    }

    private static void Walk(DirectoryInfo folder, string repository, List<InputLine> lines, int most)
    {
        foreach (FileInfo file in folder.EnumerateFiles().Where(f => TextFiles.Contains(f.Extension)).OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(repository, file.FullName).Replace('\\', '/');
            int number = 0;
            foreach (string line in File.ReadLines(file.FullName))
            {
                if (lines.Count >= most)
                {
                    return;
                }

                lines.Add(new InputLine($"{name}:{++number}", Encoding.UTF8.GetBytes(line)));
            }
        }

        foreach (DirectoryInfo sub in folder.EnumerateDirectories().Where(d => !SkippedFolders.Contains(d.Name)).OrderBy(d => d.Name, StringComparer.Ordinal))
        {
            Walk(sub, repository, lines, most);
        }
    }
}
