using System.CommandLine;

using OrleansServe.Cli.Chat;
using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Commands;

/// <summary><c>chat</c>: a conversation at a prompt.</summary>
internal static class ChatCommand
{
    // What DeepSeek recommends for R1; greedy decoding makes reasoning models run in circles.
    private const float Temperature = 0.6f;

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "chat",
            "Talks to a server. The thinking is shown dimmed; Ctrl-C cancels an answer, and leaves when there is none.",
            "./orleansserve chat",
            "./orleansserve chat --url http://127.0.0.1:50051 --system \"Be brief.\" --temperature 0",
            "echo 'What is 347 + 285?' | ./orleansserve chat --no-thinking");
        ClientArguments client = new(command);
        Option<string?> system = new("--system") { Description = "System message", HelpName = "TEXT" };
        Option<bool> noThinking = new("--no-thinking") { Description = "Ask the model not to think, and do not show it if it does" };
        command.Add(system);
        command.Add(noThinking);
        SamplingArguments sampling = new(command, Temperature);
        SchedulingArguments scheduling = new(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ServerConnection connection = client.Connect(parsed);
            ChatRequest template = new()
            {
                Model = client.ReadModel(parsed),
                Sampling = sampling.ReadSampling(parsed),
                Stop = sampling.ReadStop(parsed),
                Scheduling = scheduling.Read(parsed),
            };
            if (parsed.GetValue(noThinking))
            {
                template.Thinking = false;
            }

            return await new ChatLoop(connection, new Conversation(template, parsed.GetValue(system)), terminal, time).RunAsync(cancellationToken);
        });
        return command;
    }
}
