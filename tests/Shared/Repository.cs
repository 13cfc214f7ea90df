namespace RaftActors.Tests.Shared;

/// <summary>Finds files of the repository from wherever the tests run.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RaftActors.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No RaftActors.sln above {AppContext.BaseDirectory}.");
    }
}
