namespace OrleansServe.TestKit;

/// <summary>Where things lie in the repository that the tests were built from.</summary>
public static class RepositoryPaths
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The embedded model.</summary>
    public static string TinyR1 => InRoot("models", "tiny-r1");

    /// <summary>The proto files.</summary>
    public static string Protos => InRoot("protos");

    /// <summary>The command-line program as the build left it.</summary>
    /// <exception cref="FileNotFoundException">It has not been built.</exception>
    public static string CommandLineProgram => Built("OrleansServe.Cli", "orleansserve.dll");

    /// <summary>The silo, the program of containers, as the build left it.</summary>
    /// <exception cref="FileNotFoundException">It has not been built.</exception>
    public static string SiloProgram => Built("OrleansServe.Silo", "OrleansServe.Silo.dll");

    /// <summary>A path below the root.</summary>
    public static string InRoot(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    // Of the same mode and configuration as the running tests: artifacts/MODE/bin/PROJECT/CONFIGURATION.
    private static string Built(string project, string file)
    {
        DirectoryInfo configuration = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        string bin = configuration.Parent?.Parent?.FullName ?? throw new InvalidOperationException($"{configuration.FullName} is no build output.");
        string program = Path.Combine(bin, project, configuration.Name, file);
        return File.Exists(program) ? program : throw new FileNotFoundException($"Build {project} first.", program);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OrleansServe.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"{AppContext.BaseDirectory} lies outside the repository.");
    }
}
