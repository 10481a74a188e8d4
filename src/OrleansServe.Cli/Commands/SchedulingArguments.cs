using System.CommandLine;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Commands;

/// <summary>How urgent requests are and whose, as options of a command.</summary>
internal sealed class SchedulingArguments
{
    private static readonly Dictionary<string, Priority> Priorities = new(StringComparer.Ordinal)
    {
        ["interactive"] = Priority.Interactive,
        ["standard"] = Priority.Standard,
        ["batch"] = Priority.Batch,
    };

    private readonly Option<string?> _priority = new("--priority")
    {
        Description = "interactive where somebody watches, standard where a program waits, batch where nobody does (default standard)",
        HelpName = string.Join('|', Priorities.Keys),
    };

    private readonly Option<string?> _tenant = new("--tenant") { Description = "Whose requests these are: tenants share alike where there is not enough for all", HelpName = "NAME" };

    /// <summary>Adds the options to a command.</summary>
    public SchedulingArguments(Command command)
    {
        command.Add(_priority);
        command.Add(_tenant);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_priority) is { } priority && !Priorities.ContainsKey(priority))
            {
                result.AddError($"--priority must be one of {string.Join(", ", Priorities.Keys)}, not '{priority}'.");
            }
        });
    }

    /// <summary>The options; what was not given is left to the server, which also checks the tenant's name.</summary>
    public SchedulingOptions Read(ParseResult parsed) => new()
    {
        Priority = parsed.GetValue(_priority) is { } priority ? Priorities[priority] : Priority.Unspecified,
        Tenant = parsed.GetValue(_tenant) ?? "",
    };
}
