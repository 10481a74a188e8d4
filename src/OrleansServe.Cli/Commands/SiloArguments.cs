using System.CommandLine;

using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Cli.Commands;

/// <summary>The settings of a silo as options of a command.</summary>
internal sealed class SiloArguments
{
    private readonly List<(SiloSetting Setting, Option<string?>? Value, Option<bool>? Switch)> _options = [];
    private readonly Option<FileInfo?> _config = new("--config") { Description = "JSON file with a section OrleansServe", HelpName = "FILE" };

    /// <summary>How each setting is named in the environment.</summary>
    public static IReadOnlyList<string> EnvironmentNotes { get; } =
    [
        "Environment (options win over it, and it over --config):",
        .. SiloSetting.All.Select(setting => $"  {SiloOptionsReader.EnvironmentPrefix + setting.Key.ToUpperInvariant(),-34} {setting.Flag}"),
        "",
    ];

    /// <summary>Adds an option to the command for each setting that it takes.</summary>
    public SiloArguments(Command command, Func<SiloSetting, bool> takes)
    {
        foreach (SiloSetting setting in SiloSetting.All.Where(takes))
        {
            if (setting.Value.Length == 0)
            {
                Option<bool> option = new(setting.Flag) { Description = setting.Help };
                command.Add(option);
                _options.Add((setting, null, option));
            }
            else
            {
                Option<string?> option = new(setting.Flag) { Description = setting.Help, HelpName = setting.Value };
                command.Add(option);
                _options.Add((setting, option, null));
            }
        }

        command.Add(_config);
    }

    /// <summary>Reads what was given here, in the environment and in the file.</summary>
    /// <exception cref="SiloOptionsException">Something of it cannot be used.</exception>
    public SiloOptions Read(ParseResult parsed)
    {
        SiloOptionsReader reader = new();
        if (parsed.GetValue(_config) is { } file)
        {
            reader.AddFile(file.FullName);
        }

        reader.AddEnvironment(Environment.GetEnvironmentVariables());
        foreach ((SiloSetting setting, Option<string?>? value, Option<bool>? flag) in _options)
        {
            if (value is not null && parsed.GetValue(value) is { } text)
            {
                reader.AddFlag(setting, text);
            }
            else if (flag is not null && parsed.GetValue(flag))
            {
                reader.AddFlag(setting, bool.TrueString);
            }
        }

        return reader.Read(new SiloOptions { Model = EmbeddedModel.Folder });
    }
}
