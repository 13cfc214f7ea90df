using System.Text.RegularExpressions;
using Akka.Configuration;
using Hocon;
using AkkaHocon = Akka.Configuration.Hocon;

namespace RaftActors.Node;

/// <summary>Reads a HOCON file with its includes, which are looked up beside the file that names them.</summary>
internal static partial class HoconFile
{
    private const int MaxIncludeDepth = 16;

    /// <summary>Reads and checks <paramref name="path"/>.</summary>
    /// <exception cref="ConfigFileException">The file cannot be read or is not HOCON; the message names file, line and column.</exception>
    public static async Task<Config> LoadAsync(string path, CancellationToken cancellationToken)
    {
        string full = Path.GetFullPath(path);
        string text = await ReadAsync(full, cancellationToken).ConfigureAwait(false);
        await CheckAsync(full, text, cancellationToken).ConfigureAwait(false);
        try
        {
            return ConfigurationFactory.ParseString(text, name => Include(full, name, 1));
        }
        catch (Exception e) when (e is not RaftActorsException)
        {
            throw new ConfigFileException($"{full}: {e.Message}", e);
        }
    }

    // The Hocon package's parser names line and column, so it looks first; Akka's own then makes the Config.
    private static async Task CheckAsync(string path, string text, CancellationToken cancellationToken)
    {
        string reading = path;
        int depth = 0;
        try
        {
            await Task.Run(
                () => HoconParser.Parse(text, async (type, name) =>
                {
                    if (type != HoconCallbackType.File)
                    {
                        throw new ConfigFileException($"{path}: include of {name}: only files can be included.");
                    }

                    if (++depth > MaxIncludeDepth)
                    {
                        throw new ConfigFileException($"{path}: more than {MaxIncludeDepth} includes; does a file include itself?");
                    }

                    reading = Resolve(path, name);
                    return WithWholePaths(reading, await ReadAsync(reading, cancellationToken).ConfigureAwait(false));
                }),
                cancellationToken).ConfigureAwait(false);
        }
        catch (HoconParserException e)
        {
            throw new ConfigFileException($"{reading} is not valid HOCON: {e.Message}", e);
        }
    }

    // The parser does not say which file an include stands in, so those of an included file name theirs in full.
    private static string WithWholePaths(string file, string text) =>
        Includes().Replace(text, include => include.Groups[1].Value + Resolve(file, include.Groups[2].Value).Replace('\\', '/') + include.Groups[3].Value);

    [GeneratedRegex("""^(\s*include\s+(?:required\()?(?:file\()?")([^"]+)(")""", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Includes();

    private static AkkaHocon.HoconRoot Include(string from, string name, int depth)
    {
        if (depth > MaxIncludeDepth)
        {
            throw new ConfigFileException($"{from}: more than {MaxIncludeDepth} includes; does a file include itself?");
        }

        string path = Resolve(from, name);
        return AkkaHocon.Parser.Parse(File.ReadAllText(path), next => Include(path, next, depth + 1));
    }

    private static string Resolve(string from, string name) =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(from)!, name));

    private static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigFileException($"The configuration file {path} cannot be read: {e.Message}", e);
        }
    }
}
