using System.CommandLine;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Cli.Simulate;
using OrleansServe.Simulation.Runs;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Cli.Commands;

/// <summary><c>simulate</c>: a day of a fleet in seconds, with the policies of the cluster.</summary>
internal static class SimulateCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "simulate",
            "Simulates a day of a fleet by discrete events, with the code that admits, balances and scales in the cluster: nodes, cost, income and times to the first token by the hour. Without --scenario it is the day that DeepSeek published.",
            "./orleansserve simulate",
            "./orleansserve simulate --policy printed --json",
            "./orleansserve simulate --svg artifacts/day.svg")
        {
            Notes = ["The form of scenario files, the model behind it and what was measured: docs/simulation.md", ""],
        };
        Option<string> scenario = new("--scenario") { Description = "Scenario: JSON in the form of src/OrleansServe.Simulation/Scenarios/deepseek-day.json", HelpName = "FILE" };
        Option<string> policy = new("--policy") { Description = "Who decides how many nodes there are: our policy, or the node curve that the scenario's source printed (default ours)", HelpName = "ours|printed", DefaultValueFactory = _ => "ours" };
        policy.AcceptOnlyFromAmong("ours", "printed");
        Option<string> svg = new("--svg") { Description = "Write a picture of the day to this file", HelpName = "FILE" };
        Option<bool> json = new("--json") { Description = "Write one JSON document" };
        foreach (Option option in (Option[])[scenario, policy, svg, json])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupts interrupts = new(cancellationToken);
            Scenario day = parsed.GetValue(scenario) is { } path ? ScenarioFile.Read(path) : ScenarioReader.ReadDefault();
            FleetPolicy plan = parsed.GetValue(policy) == "printed" ? FleetPolicy.Printed : FleetPolicy.Ours;
            long begin = time.GetTimestamp();
            SimulationResult result = await Task.Run(() => Run(day, plan, terminal, time, interrupts.Token), interrupts.Token);
            TimeSpan wall = time.GetElapsedTime(begin);
            if (parsed.GetValue(svg) is { } picture)
            {
                Write(picture, SimulationSvg.Draw(result));
            }

            if (parsed.GetValue(json))
            {
                await terminal.Output.WriteLineAsync(new SimulationReport(result, wall).Json());
            }
            else
            {
                SimulationChart.Write(result, wall, terminal);
            }

            return 0;
        });
        return command;
    }

    private static void Write(string path, string text)
    {
        try
        {
            File.WriteAllText(path, text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException($"--svg {path}: {exception.Message}", exception);
        }
    }

    private static SimulationResult Run(Scenario scenario, FleetPolicy policy, Terminal terminal, TimeProvider time, CancellationToken cancellation)
    {
        using ShareProgress progress = new("simulating", terminal.Error, terminal.ErrorAnsi, time);
        try
        {
            return Simulator.Run(scenario, policy, progress.Report, cancellation);
        }
        catch (ScenarioException exception)
        {
            throw new CommandFailedException(exception.Message, exception);
        }
    }
}
