using System.CommandLine;
using System.Globalization;

using Google.Protobuf;

using Grpc.Core;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Protocol.V1;

using Spectre.Console;

namespace OrleansServe.Cli.Commands;

/// <summary><c>usage</c> and <c>economics</c>: what was used, and what it cost and earned.</summary>
internal static class UsageCommand
{
    private const int MostHours = 400 * 24;

    /// <summary>Builds <c>usage</c>.</summary>
    public static Command CreateUsage(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "usage",
            "Shows what tenants have used, by hour and model: requests, prompt tokens from cache and computed, tokens produced, and what they earned.",
            "./orleansserve usage",
            "./orleansserve usage --tenant default --hours 1 --json");
        Option<string> tenant = new("--tenant") { Description = "Only this tenant's", HelpName = "NAME", DefaultValueFactory = _ => "" };
        ClientArguments client = new(command);
        (Option<int> hours, Option<bool> json) = AddCommon(command);
        command.Add(tenant);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ServerConnection server = client.Connect(parsed);
            GetUsageRequest request = new() { Tenant = parsed.GetValue(tenant), Hours = Range(parsed.GetValue(hours), time) };
            GetUsageResponse response = await AskAsync(server, () => server.Admin.GetUsageAsync(request, cancellationToken: cancellationToken).ResponseAsync);
            if (parsed.GetValue(json))
            {
                terminal.Output.WriteLine(JsonFormatter.Default.Format(response));
                return 0;
            }

            Table table = NewTable(terminal, ["hour (UTC)", "tenant", "model"], ["requests", "cache hit", "cache miss", "output", "reasoning", "income $"]);
            foreach (UsageEntry entry in response.Entries)
            {
                table.AddRow(
                    Hour(entry.HourSeconds), Markup.Escape(TerminalText.OneLine(entry.Tenant)), Markup.Escape(TerminalText.OneLine(entry.Model)), Number(entry.Requests), Number(entry.CacheHitTokens),
                    Number(entry.CacheMissTokens), Number(entry.OutputTokens), Number(entry.ReasoningTokens), Markup.Escape(entry.IncomeUsd));
            }

            terminal.CreateConsole().Write(table);
            return 0;
        });
        return command;
    }

    /// <summary>Builds <c>economics</c>.</summary>
    public static Command CreateEconomics(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "economics",
            "Shows what each model version cost and earned, by hour and in all, by the prices that the server was given with --prices.",
            "./orleansserve economics",
            "./orleansserve economics --hours 168 --json");
        ClientArguments client = new(command);
        (Option<int> hours, Option<bool> json) = AddCommon(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ServerConnection server = client.Connect(parsed);
            GetEconomicsRequest request = new() { Hours = Range(parsed.GetValue(hours), time) };
            GetEconomicsResponse response = await AskAsync(server, () => server.Admin.GetEconomicsAsync(request, cancellationToken: cancellationToken).ResponseAsync);
            if (parsed.GetValue(json))
            {
                terminal.Output.WriteLine(JsonFormatter.Default.Format(response));
                return 0;
            }

            Table table = NewTable(terminal, ["hour (UTC)", "model"], ["node-hours", "cost $", "income $", "margin"]);
            foreach (EconomicsEntry entry in response.Entries.Concat(response.Totals))
            {
                table.AddRow(
                    entry.HourSeconds > 0 ? Hour(entry.HourSeconds) : "all", Markup.Escape(TerminalText.OneLine(entry.Model)), Short(entry.NodeHours), Short(entry.CostUsd), Short(entry.IncomeUsd),
                    entry.Margin.Length > 0 ? Percent(entry.Margin) : "");
            }

            terminal.CreateConsole().Write(table);
            return 0;
        });
        return command;
    }

    private static async Task<T> AskAsync<T>(ServerConnection server, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException exception)
        {
            throw new CommandFailedException(RpcFault.Describe(exception, server.Server), exception);
        }
    }

    private static (Option<int> Hours, Option<bool> Json) AddCommon(Command command)
    {
        Option<int> hours = LoadArguments.Integer("--hours", "How many hours back, the present one included", "N", 24, 1, MostHours);
        Option<bool> json = new("--json") { Description = "Write the server's answer as JSON: money as decimal text" };
        command.Add(hours);
        command.Add(json);
        return (hours, json);
    }

    private static HourRange Range(int hours, TimeProvider time)
    {
        long now = time.GetUtcNow().ToUnixTimeSeconds();
        long end = now - (now % 3600) + 3600;
        return new HourRange { FromSeconds = end - (3600L * hours), ToSeconds = end };
    }

    private static Table NewTable(Terminal terminal, string[] left, string[] right)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        foreach (string column in left)
        {
            table.AddColumn(column);
        }

        foreach (string column in right)
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        return table;
    }

    private static string Hour(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Short(string value) => decimal.TryParse(value, CultureInfo.InvariantCulture, out decimal number) ? number.ToString("0.######", CultureInfo.InvariantCulture) : Markup.Escape(value);

    private static string Percent(string margin) => decimal.TryParse(margin, CultureInfo.InvariantCulture, out decimal number) ? number.ToString("0.#%", CultureInfo.InvariantCulture) : Markup.Escape(margin);
}
