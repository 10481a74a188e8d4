using OrleansServe.Model.Chat;
using OrleansServe.Model.Tokenization;

namespace OrleansServe.Cli.Bench;

/// <summary>What the model is asked while drafts are measured. How many hold depends on the text: these are questions of an everyday kind.</summary>
internal static class SpeculationPrompts
{
    private static readonly string[] Questions =
    [
        "What is the sum of 141 and 7486?",
        "Sort these numbers: 52, 9, 317, 88.",
        "What is 338 minus 704?",
        "Which is smaller, 999 or 1002?",
        "What is 47 times 6?",
        "Hello! Who are you?",
    ];

    /// <summary>Token ids of each question, as a conversation where the model has a template for one.</summary>
    public static int[][] For(string folder)
    {
        Tokenizer tokenizer = Tokenizer.Load(folder);
        return ChatTemplate.TryLoad(folder, tokenizer, out ChatTemplate? template, out _)
            ? [.. Questions.Select(question => template!.Render([new ChatMessage(ChatRole.User, question)]))]
            : [.. Questions.Select(question => tokenizer.Encode(question))];
    }
}
