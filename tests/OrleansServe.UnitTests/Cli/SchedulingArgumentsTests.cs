using System.CommandLine;

using OrleansServe.Cli.Commands;
using OrleansServe.Protocol.V1;

using Xunit;

namespace OrleansServe.UnitTests.Cli;

public sealed class SchedulingArgumentsTests
{
    [Theory]
    [InlineData(Priority.Unspecified, "")]
    [InlineData(Priority.Interactive, "", "--priority", "interactive")]
    [InlineData(Priority.Standard, "", "--priority", "standard")]
    [InlineData(Priority.Batch, "nightly", "--priority", "batch", "--tenant", "nightly")]
    [InlineData(Priority.Unspecified, "a b", "--tenant", "a b")]
    public void Read_Options_GoToTheServer(Priority priority, string tenant, params string[] arguments)
    {
        Command command = new("generate");
        SchedulingArguments scheduling = new(command);
        ParseResult parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        Assert.Equal(new SchedulingOptions { Priority = priority, Tenant = tenant }, scheduling.Read(parsed));
    }

    [Fact]
    public void Parse_UnknownPriority_NamesTheOnesThereAre()
    {
        Command command = new("generate");
        _ = new SchedulingArguments(command);
        Assert.Equal(
            "--priority must be one of interactive, standard, batch, not 'urgent'.",
            Assert.Single(command.Parse(["--priority", "urgent"]).Errors).Message);
    }
}
