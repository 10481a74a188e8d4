using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Bench.Balancing;
using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Policies.Balancing.Experts;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench balance</c>: plans where experts are to be, from measured or drawn loads.</summary>
internal static class BenchBalanceCommand
{
    private readonly record struct Setup(string? Loads, string? Previous, int Experts, int Layers, int Redundant, int Devices, int Nodes, int Groups, double MostMoved, ulong Seed);

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "balance",
            "Plans which device holds which experts, and which experts several hold, with the code that does so in production, and compares the plan with the published greedy's. Without --loads three distributions are drawn, and planned again after a drift of 10 %.",
            "./orleansserve bench balance --devices 144 --redundant 32",
            "./orleansserve bench balance --loads loads.json --devices 32 --redundant 32 --nodes 4 --groups 8 --json > plan.json",
            "./orleansserve bench balance --loads later.json --devices 32 --redundant 32 --nodes 4 --groups 8 --previous plan.json --json");
        Option<string?> loads = new("--loads") { Description = "Token counts, JSON: an array of layers, each an array of experts; or an object with that as loads", HelpName = "FILE" };
        Option<string?> previous = new("--previous") { Description = "The plan in use, as --json wrote it: few replicas are moved away from it", HelpName = "FILE" };
        Option<int> devices = LoadArguments.Integer("--devices", "Devices that hold experts; divide the slots", "D", 144, 1, ExpertClusterShape.MostDevices);
        Option<int> redundant = LoadArguments.Integer("--redundant", "Slots of a layer beyond one for each expert", "R", 32, 0, ExpertClusterShape.MostSlots);
        Option<int> nodes = LoadArguments.Integer("--nodes", "Nodes that the devices stand in", "N", 1, 1, ExpertClusterShape.MostDevices);
        Option<int> groups = LoadArguments.Integer("--groups", "Groups of experts, each of which stays on one node; 1 for experts that go anywhere", "G", 1, 1, ExpertClusterShape.MostExperts);
        Option<double> mostMoved = LoadArguments.Number("--most-moved", "Share of a layer's replicas that may be moved away from the plan in use", "S", 0.1, 0, 1);
        Option<int> experts = LoadArguments.Integer("--experts", "Experts of a layer that is drawn", "E", 256, 1, ExpertClusterShape.MostExperts);
        Option<int> layers = LoadArguments.Integer("--layers", "Layers that are drawn", "L", 58, 1, ExpertBalancer.MostLayers);
        Option<ulong> seed = new("--seed") { Description = "What is drawn is a function of it (default 0)", HelpName = "N" };
        Option<bool> json = new("--json") { Description = "Write one JSON document" };
        foreach (Option option in (Option[])[loads, previous, devices, redundant, nodes, groups, mostMoved, experts, layers, seed, json])
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            bool given = result.GetValue(loads) is not null;
            if (!given && result.GetValue(previous) is not null)
            {
                result.AddError("--previous needs --loads");
            }

            foreach (Option drawn in given ? (Option[])[experts, layers, seed] : [])
            {
                if (result.GetResult(drawn) is { Implicit: false })
                {
                    result.AddError($"{drawn.Name} and --loads exclude each other: it says what is drawn");
                }
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupts interrupts = new(cancellationToken);
            Setup setup = new(
                parsed.GetValue(loads), parsed.GetValue(previous), parsed.GetValue(experts), parsed.GetValue(layers), parsed.GetValue(redundant),
                parsed.GetValue(devices), parsed.GetValue(nodes), parsed.GetValue(groups), parsed.GetValue(mostMoved), parsed.GetValue(seed));
            bool asJson = parsed.GetValue(json);
            Action write = await Task.Run(() => setup.Loads is null ? PlanDrawn(setup, asJson, terminal, time, interrupts.Token) : PlanGiven(setup, asJson, terminal, time, interrupts.Token), interrupts.Token);
            write();
            return 0;
        });
        return command;
    }

    private static Action PlanGiven(Setup setup, bool asJson, Terminal terminal, TimeProvider time, CancellationToken cancellation)
    {
        DateTimeOffset date = time.GetUtcNow();
        double[][] loads = BalanceFile.ReadLoads(setup.Loads!);
        ExpertClusterShape shape = Shape(setup, loads[0].Length);
        int[][]? previous = setup.Previous is null ? null : BalanceFile.ReadPlan(setup.Previous);
        BalanceFigures figures = Measure(loads, shape, previous, setup.MostMoved, time, cancellation);
        BalanceReport report = new(date, BenchMachine.Read(), shape, setup.MostMoved);
        string source = Path.GetFileName(setup.Loads!);
        return asJson ? () => terminal.Output.WriteLine(report.Json(source, figures)) : () => report.WriteTable(terminal, source, figures);
    }

    private static Action PlanDrawn(Setup setup, bool asJson, Terminal terminal, TimeProvider time, CancellationToken cancellation)
    {
        DateTimeOffset date = time.GetUtcNow();
        ExpertClusterShape shape = Shape(setup, setup.Experts);
        List<BalanceCase> cases = [];
        foreach (LoadDistribution distribution in LoadDistribution.All)
        {
            terminal.Error.WriteLine($"planning {distribution.Name}");
            double[][] loads = distribution.Draw(setup.Seed, setup.Layers, setup.Experts);
            BalanceFigures figures = Measure(loads, shape, null, setup.MostMoved, time, cancellation);
            double[][] drifted = LoadDistribution.Drift(loads, setup.Seed);
            int[][] previous = [.. figures.Plans.Select(plan => plan.Slots)];
            cases.Add(new BalanceCase(
                distribution,
                figures,
                Measure(drifted, shape, previous, setup.MostMoved, time, cancellation),
                Measure(drifted, shape, null, setup.MostMoved, time, cancellation)));
        }

        BalanceReport report = new(date, BenchMachine.Read(), shape, setup.MostMoved);
        return asJson ? () => terminal.Output.WriteLine(report.Json(setup.Seed, cases)) : () => report.WriteTable(terminal, setup.Seed, cases);
    }

    private static ExpertClusterShape Shape(Setup setup, int experts)
    {
        ExpertClusterShape shape = new(experts, setup.Redundant, setup.Devices, setup.Nodes, setup.Groups);
        return shape.Faults() is { Count: > 0 } faults ? throw new CommandFailedException(string.Join("; ", faults)) : shape;
    }

    private static BalanceFigures Measure(
        double[][] loads, ExpertClusterShape shape, int[][]? previous, double mostMoved, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return BalanceFigures.Measure(loads, shape, previous, mostMoved, time, cancellation);
        }
        catch (ArgumentException exception)
        {
            throw new CommandFailedException(exception.Message, exception);
        }
    }
}
